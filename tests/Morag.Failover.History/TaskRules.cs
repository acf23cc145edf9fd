namespace Morag.Failover.History;

/// <summary>Tasks are not lost, complete once, and come to an end.</summary>
internal static class TaskRules
{
    public static IEnumerable<Violation> Check(IReadOnlyList<Happening> history)
    {
        var acknowledged = new HashSet<string>(StringComparer.Ordinal);
        var completed = new Dictionary<string, CompletionAccepted>(StringComparer.Ordinal);
        foreach (var happening in history)
        {
            switch (happening)
            {
                case SubmissionAcknowledged submission:
                    acknowledged.Add(submission.Task);
                    break;
                case CompletionAccepted completion
                    when completed.TryGetValue(completion.Task, out var first) && first.Epoch != completion.Epoch:
                    yield return new(
                        Rule.OneCompletionCounts,
                        completion.At,
                        $"{completion.Task} was completed under epoch {first.Epoch} by {first.Worker} "
                        + $"and under {completion.Epoch} by {completion.Worker}");
                    break;
                case CompletionAccepted completion:
                    completed[completion.Task] = completion;
                    break;
                case TaskReadAtEnd { State: null } read when acknowledged.Contains(read.Task):
                    yield return new(Rule.NoTaskIsLost, read.At, $"{read.Task} was acknowledged, and nobody knows it");
                    break;
                case TaskReadAtEnd { State: not null, IsFinished: false, WaitsFor: null } read:
                    yield return new(Rule.EveryTaskEnds, read.At, $"{read.Task} is {read.State} and does not say why");
                    break;
                case TaskReadAtEnd { IsFinished: false } read
                    when completed.TryGetValue(read.Task, out var before) && before.At <= read.At:
                    yield return new(
                        Rule.NoTaskIsLost, read.At, $"{read.Task} was completed under epoch {before.Epoch}, and is {read.State}");
                    break;
                default:
                    break;
            }
        }
    }
}
