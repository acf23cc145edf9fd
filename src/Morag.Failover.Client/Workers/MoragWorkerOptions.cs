using System.Collections.Immutable;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Client.Workers;

/// <summary>What a worker is, and how it works.</summary>
public sealed class MoragWorkerOptions
{
    /// <summary>The longest <see cref="DrainTimeout"/> and <see cref="AbandonTimeout"/>.</summary>
    private static readonly TimeSpan MaxStop = TimeSpan.FromHours(24);

    /// <summary>The worker's id. Keep it across restarts, and give each running worker its own. Required.</summary>
    public string WorkerId { get; set; } = "";

    /// <summary>A name for people; at most 200 bytes in UTF-8.</summary>
    public string Name { get; set; } = "";

    /// <summary>Which kinds of queues it serves.</summary>
    public WorkerCapability Capability { get; set; } = WorkerCapability.Cpu;

    /// <summary>How many tasks it runs at once, 1 to 10,000.</summary>
    public int Slots { get; set; } = 1;

    /// <summary>The queues it serves; empty for all that its capability allows.</summary>
    public IList<string> Queues { get; } = [];

    /// <summary>The content types it can process; empty for all.</summary>
    public IList<string> ContentTypes { get; } = [];

    /// <summary>Labels for people and tools.</summary>
    public IDictionary<string, string> Tags { get; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>
    /// The hardware, which is matched against what tasks require. By default, the processors and the memory of this process.
    /// </summary>
    public WorkerHardware Hardware { get; set; } = new()
    {
        CpuCores = Environment.ProcessorCount,
        MemoryGb = Math.Round(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (1024.0 * 1024 * 1024), 1),
    };

    /// <summary>The time between heartbeats, 0.1 s to 1 h.</summary>
    public TimeSpan HeartbeatInterval { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// How long running tasks may take to finish when the host stops, 0 to 24 h. Tasks that need longer are cancelled and given back
    /// without blame. Keep it below the shutdown timeout of the host, which is 30 s by default.
    /// </summary>
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>
    /// How long a handler may take to end after its token was cancelled, 0 to 24 h. After that, the outcome is reported without waiting for
    /// the handler, and its slot stays occupied until it ends.
    /// </summary>
    public TimeSpan AbandonTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Decides the type of a failure from the exception of the handler; null, or a null result, uses
    /// <see cref="FailureClassification.Of"/>. It is not called for a <see cref="TaskFailedException"/>.
    /// </summary>
    public Func<Exception, FailureType?>? ClassifyFailure { get; set; }

    internal WorkerRegistration ToRegistration(InstanceId instance) => new()
    {
        WorkerId = new WorkerId(WorkerId),
        Name = Name,
        Capability = Capability,
        Hardware = Hardware,
        Location = new WorkerLocation { Hostname = Environment.MachineName },
        MaxConcurrentTasks = Slots,
        SupportedContentTypes = [.. ContentTypes],
        Queues = [.. Queues.Select(queue => new QueueName(queue))],
        InstanceId = instance,
        HeartbeatIntervalSeconds = HeartbeatInterval.TotalSeconds,
        Tags = Tags.ToImmutableSortedDictionary(StringComparer.Ordinal),
    };

    internal IEnumerable<string> BrokenRules()
    {
        (bool IsKept, string Name, string Rule)[] rules =
        [
            (Identifier.IsValid(WorkerId) && !WorkerLimits.IsReserved(WorkerId), nameof(WorkerId),
                $"must be {Identifier.Rule}, and neither {string.Join(" nor ", WorkerLimits.ReservedIds)}, not \"{WorkerId}\""),
            (Slots is >= 1 and <= WorkerLimits.MaxConcurrentTasks, nameof(Slots),
                $"must be 1 to {WorkerLimits.MaxConcurrentTasks}, not {Slots}"),
            (Enum.IsDefined(Capability), nameof(Capability), $"must be Cpu, Gpu or Hybrid, not {Capability}"),
            (Queues.All(Identifier.IsValid), nameof(Queues), "must hold names of queues only"),
            (HeartbeatInterval.TotalSeconds is >= WorkerLimits.MinHeartbeatSeconds and <= WorkerLimits.MaxHeartbeatSeconds,
                nameof(HeartbeatInterval), $"must be 0.1 s to 1 h, not {HeartbeatInterval}"),
            (IsStopTime(DrainTimeout), nameof(DrainTimeout), $"must be 0 to 24 h, not {DrainTimeout}"),
            (IsStopTime(AbandonTimeout), nameof(AbandonTimeout), $"must be 0 to 24 h, not {AbandonTimeout}"),
        ];
        return rules.Where(rule => !rule.IsKept).Select(rule => $"{nameof(MoragWorkerOptions)}.{rule.Name} {rule.Rule}");
    }

    private static bool IsStopTime(TimeSpan time) => time >= TimeSpan.Zero && time <= MaxStop;
}
