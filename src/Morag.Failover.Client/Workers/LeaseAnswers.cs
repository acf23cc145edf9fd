using System.Text.Json;
using Morag.Failover.Client.Connection;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Client.Workers;

/// <summary>Reads the node's answer to a request for leases. A lease that cannot be read does not spoil the others.</summary>
internal static class LeaseAnswers
{
    public static ReceivedLeases Read(JsonElement answer)
    {
        var leases = new List<LeasedTask>();
        var unreadable = new List<UnreadableLease>();
        foreach (var lease in answer.EnumerateArray())
        {
            try
            {
                leases.Add(AnswerJson.Read<LeasedTask>(lease));
            }
            catch (Exception failure) when (UnreadableAnswer.Explains(failure))
            {
                unreadable.Add(new UnreadableLease(KeyOf(lease), ProblemOf(failure)));
            }
        }

        return new ReceivedLeases(leases, unreadable);
    }

    private static LeaseKey? KeyOf(JsonElement lease)
    {
        try
        {
            var (task, epoch) = (lease.GetProperty("task_id"), lease.GetProperty("epoch"));
            return new LeaseKey(AnswerJson.Read<TaskId>(task), AnswerJson.Read<LeaseEpoch>(epoch));
        }
        catch (Exception failure) when (UnreadableAnswer.Explains(failure))
        {
            return null;
        }
    }

    // A JsonException says where the field is in its path, and at the end of its message with positions that nobody can look up.
    private static string ProblemOf(Exception failure) => failure is JsonException { Path: ['$', '.', .. var field] }
        ? $"{field}: {failure.Message.Split(" Path: ")[0]}"
        : failure.Message;
}
