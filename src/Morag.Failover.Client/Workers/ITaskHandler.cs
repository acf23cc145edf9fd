using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Client.Workers;

/// <summary>The work of a worker. Each task gets a handler from a scope of its own.</summary>
public interface ITaskHandler
{
    /// <summary>Runs a task and returns its result.</summary>
    /// <remarks>
    /// An exception is a failure of the task. <see cref="MoragWorkerOptions.ClassifyFailure"/> says which type it gets, and
    /// <see cref="TaskFailedException"/> names the type itself.
    /// </remarks>
    /// <param name="task">The task.</param>
    /// <param name="cancellation">
    /// Cancelled when the lease is lost or expires, when the task is cancelled, or when the drain timeout ends. After that the cluster may
    /// not accept a result, so return promptly.
    /// </param>
    /// <returns>The result: any JSON, up to 256 KiB by default. <see cref="JsonText.Of{T}(T)"/> writes one.</returns>
    Task<JsonText> HandleAsync(TaskRun task, CancellationToken cancellation);
}
