namespace Morag.Failover.Node.Stores;

/// <summary>Why a running node must stop. The first reason wins.</summary>
internal sealed class Refusal
{
    private readonly TaskCompletionSource<StopReason> refused = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes with the reason.</summary>
    public Task<StopReason> Happened => refused.Task;

    /// <summary>Stops a node that must not be started again before something has changed. Later calls have no effect.</summary>
    /// <param name="line">One line for the operator: what is wrong and what to do.</param>
    public void Stop(string line) => refused.TrySetResult(new(line, MayStartAgain: false));

    /// <summary>Stops a node that can be started again as it is. Later calls have no effect.</summary>
    /// <param name="line">One line for the operator: what happened.</param>
    public void StartAgain(string line) => refused.TrySetResult(new(line, MayStartAgain: true));
}

/// <summary>Why a running node must stop.</summary>
/// <param name="Line">One line for the operator.</param>
/// <param name="MayStartAgain">Whether it can be started again as it is.</param>
internal sealed record StopReason(string Line, bool MayStartAgain);
