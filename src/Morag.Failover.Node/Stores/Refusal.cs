namespace Morag.Failover.Node.Stores;

/// <summary>Why a node that has started must not go on, from whoever finds it out first.</summary>
internal sealed class Refusal
{
    private readonly TaskCompletionSource<string> refused = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes with one line for the operator: what is wrong, and what to do.</summary>
    public Task<string> Happened => refused.Task;

    /// <summary>Ends the node; what is said later counts no more.</summary>
    public void Say(string line) => refused.TrySetResult(line);
}
