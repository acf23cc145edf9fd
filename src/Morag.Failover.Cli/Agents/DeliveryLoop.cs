using System.Net;
using Morag.Failover.Client;
using Morag.Failover.Client.Connection;
using Morag.Failover.Client.Workers;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Cli.Agents;

/// <summary>Delivers outcomes in order and in batches, and retries until the node has answered for each.</summary>
internal sealed class DeliveryLoop(
    WorkerClient client,
    InstanceRegistration registration,
    OutcomeOutbox outbox,
    HeldTasks held,
    AgentLog log,
    TimeProvider clock)
{
    // Below CallLimits.MaxEntries: the node decides every failure of a call before it answers, and the call has to end in time.
    private const int MaxCount = 100;

    // A node that keeps sending unreadable answers is not called in a tight loop.
    private static readonly TimeSpan MaxUnreadableBackoff = TimeSpan.FromMinutes(1);

    private readonly ProblemLog trouble = new(log);
    private int maxCount = MaxCount;

    public async Task RunAsync(CancellationToken cancellation)
    {
        var backoff = new Backoff(clock);
        var unreadable = new Backoff(clock, MaxUnreadableBackoff);
        while (!cancellation.IsCancellationRequested)
        {
            await outbox.WaitForOutcomeAsync(cancellation);
            while (!outbox.IsEmpty)
            {
                outbox.RetryWrite();
                try
                {
                    if (await TryDeliverAsync(cancellation))
                    {
                        backoff.Succeeded();
                        unreadable.Succeeded();
                    }
                    else
                    {
                        await backoff.WaitAsync(cancellation);
                    }
                }
                catch (UnreadableAnswer failure)
                {
                    trouble.Report($"{failure.Message}; outcomes are kept and sent again later");
                    await unreadable.WaitAsync(cancellation);
                }
            }
        }
    }

    /// <summary>Makes one call with the oldest outcomes.</summary>
    /// <returns>Whether the call made progress. If not, wait before the next one.</returns>
    public async Task<bool> TryDeliverAsync(CancellationToken cancellation)
    {
        var batch = outbox.Oldest(maxCount, MessageLimits.MaxGatheredBytes);
        if (batch.IsEmpty)
        {
            return true;
        }

        var seen = registration.Generation;
        try
        {
            var answers = await client.DeliverAsync(batch.Select(waiting => waiting.Outcome), cancellation);
            if (answers.Length != batch.Length)
            {
                trouble.Report($"the node answered for {answers.Length} of {batch.Length} outcomes; sending them again");
                return false;
            }

            maxCount = MaxCount;
            return HandleAnswers(batch.Zip(answers));
        }
        catch (NodeUnreachable failure)
        {
            trouble.Report($"cannot deliver outcomes, keeping them: {failure.Message}");
            return false;
        }
        catch (NodeRefused refused) when (Problems.Of(refused).IsTransient
            || (batch.Length == 1 && !refused.Problem.IsFromNode)
            || refused.Problem.Status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
        {
            trouble.Report($"cannot deliver outcomes, keeping them: {refused.Message}");
            return false;
        }
        catch (NodeRefused refused) when (refused.Problem.Status == HttpStatusCode.NotFound)
        {
            return await registration.RegisterAgainAsync(Problems.Of(refused), seen, cancellation);
        }
        catch (NodeRefused refused)
        {
            return HandleRefusal(batch, refused);
        }
    }

    private bool HandleAnswers(IEnumerable<(WaitingOutcome Waiting, DeliveryAnswer Answer)> answered)
    {
        var done = new List<long>();
        string? again = null;
        foreach (var (waiting, answer) in answered)
        {
            if (answer.Delivery == Delivery.TryAgain)
            {
                again ??= $"{waiting.Outcome.Lease}: cannot deliver the outcome, keeping it: {answer.Detail}";
                continue;
            }

            done.Add(waiting.Number);
            Settle(waiting.Outcome, answer);
        }

        outbox.Remove(done);
        if (again is null)
        {
            trouble.Resolve();
        }
        else
        {
            trouble.Report(again);
        }

        return done.Count > 0;
    }

    // The whole call was rejected. Outcomes are sent one by one, so that an invalid one does not hold up the others.
    private bool HandleRefusal(IReadOnlyList<WaitingOutcome> batch, NodeRefused refused)
    {
        if (batch.Count > 1)
        {
            maxCount = 1;
            return true;
        }

        outbox.Remove([batch[0].Number]);
        var delivery = refused.Problem.Status == HttpStatusCode.Conflict ? Delivery.Late : Delivery.Invalid;
        Settle(batch[0].Outcome, new DeliveryAnswer(delivery, refused.Message));
        return true;
    }

    private void Settle(TaskOutcome outcome, DeliveryAnswer answer)
    {
        switch (answer.Delivery)
        {
            case Delivery.Accepted:
                log.Write(outcome.FailureType is { } type
                    ? $"{outcome.Lease}: failed with {WireName.Of(type)}{answer.Detail}"
                    : $"{outcome.Lease}: completed");
                break;
            case Delivery.Late:
                log.Write($"{outcome.Lease}: late outcome rejected: {answer.Detail}");
                break;
            case Delivery.Invalid when outcome.IsSuccess:
                log.Write($"{outcome.Lease}: result rejected: {answer.Detail}");
                outbox.Add(TaskOutcome.Failed(
                    outcome.Lease, FailureType.ProcessingError, $"the node rejected the result: {answer.Detail}", JsonText.EmptyObject));
                return;
            case Delivery.Invalid:
            case Delivery.TryAgain:
            default:
                log.Write($"{outcome.Lease}: failure report rejected: {answer.Detail}");
                break;
        }

        held.Remove(outcome.Lease);
    }
}
