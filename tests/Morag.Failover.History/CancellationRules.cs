namespace Morag.Failover.History;

/// <summary>Cancelled tasks do not run again.</summary>
internal static class CancellationRules
{
    public static IEnumerable<Violation> Check(IReadOnlyList<Happening> history)
    {
        var cancelled = new Dictionary<string, TimeSpan>(StringComparer.Ordinal);
        var completed = new Dictionary<string, CompletionAccepted>(StringComparer.Ordinal);
        foreach (var happening in history)
        {
            switch (happening)
            {
                case CancellationAcknowledged cancellation:
                    cancelled.TryAdd(cancellation.Task, cancellation.At);
                    if (completed.TryGetValue(cancellation.Task, out var before))
                    {
                        yield return Completed(before, cancellation.At);
                    }

                    break;
                case LeaseStored lease when cancelled.TryGetValue(lease.Task, out var at):
                    yield return new(
                        Rule.CancelledTasksStayCancelled,
                        lease.At,
                        $"{lease.Task} was cancelled at {at} and leased to {lease.Worker} again");
                    break;
                case CompletionAccepted completion:
                    completed.TryAdd(completion.Task, completion);
                    if (cancelled.TryGetValue(completion.Task, out var earlier))
                    {
                        yield return Completed(completion, earlier);
                    }

                    break;
                case TaskReadAtEnd { State: { } state, IsFinished: false } read when cancelled.TryGetValue(read.Task, out var at):
                    yield return new(Rule.CancelledTasksStayCancelled, read.At, $"{read.Task} was cancelled at {at} and is {state}");
                    break;
                default:
                    break;
            }
        }
    }

    // A completed task cannot be cancelled, nor a cancelled one completed, whichever came first.
    private static Violation Completed(CompletionAccepted completion, TimeSpan cancelledAt) => new(
        Rule.CancelledTasksStayCancelled,
        completion.At,
        $"{completion.Task} was cancelled at {cancelledAt}, and its completion under epoch {completion.Epoch} by "
        + $"{completion.Worker} counts");
}
