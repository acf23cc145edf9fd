namespace Morag.Failover.Node.Stores;

/// <summary>Why a running node must stop. The first reason wins.</summary>
internal sealed class Refusal
{
    private readonly TaskCompletionSource<string> refused = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes with one line for the operator: what is wrong and what to do.</summary>
    public Task<string> Happened => refused.Task;

    /// <summary>Stops the node. Later calls have no effect.</summary>
    public void Stop(string line) => refused.TrySetResult(line);
}
