namespace Morag.Failover.Domain.Workers;

/// <summary>Starts a worker's entity, so that it notices if the worker is lost. No reply.</summary>
[ProtoContract(Name = "wake-worker")]
public sealed record WakeWorker : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }
}
