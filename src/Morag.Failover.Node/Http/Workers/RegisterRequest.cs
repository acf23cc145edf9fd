using System.Collections.Immutable;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.Input;
using Morag.Failover.Node.Http.Tasks;

namespace Morag.Failover.Node.Http.Workers;

/// <summary>Registers a worker, or renews what it said.</summary>
internal sealed record RegisterRequest
{
    /// <summary>What the worker says of itself. Required.</summary>
    public RegistrationRequest? Registration { get; init; }

    /// <summary>A token, for callers that cannot set the header <c>Authorization</c>.</summary>
    public string? AuthToken { get; init; }
}

/// <summary>What a worker says of itself.</summary>
internal sealed record RegistrationRequest
{
    /// <summary>The worker's id, the same over restarts. Required.</summary>
    public WorkerId? WorkerId { get; init; }

    /// <summary>A name for people; at most 200 bytes in UTF-8.</summary>
    public string? Name { get; init; }

    /// <summary>What kind of machine it is. Required.</summary>
    public WorkerCapability? Capability { get; init; }

    /// <summary>What the machine has.</summary>
    public HardwareRequest? Hardware { get; init; }

    /// <summary>Where it is.</summary>
    public LocationRequest? Location { get; init; }

    /// <summary>The most tasks it may hold at once, 1 to 10000; 1 where nothing is said.</summary>
    public int? MaxConcurrentTasks { get; init; }

    /// <summary>The content types it can process; all where none is named.</summary>
    public string[]? SupportedContentTypes { get; init; }

    /// <summary>What people and their tools want to know of it, as texts under names of their own, such as <c>{"site": "home"}</c>.</summary>
    public Dictionary<string, string?>? Tags { get; init; }

    /// <summary>The queues it wants to serve; every queue that its capability serves where none is named.</summary>
    public string[]? Queues { get; init; }

    /// <summary>New for each start of the worker's process.</summary>
    public InstanceId? InstanceId { get; init; }

    /// <summary>How often it heartbeats, in seconds, 0.1 to 3600.</summary>
    public double? HeartbeatIntervalSeconds { get; init; }

    public WorkerRegistration ToRegistration(QueueSettings queues) => new()
    {
        WorkerId = NotReserved(Rules.Required(WorkerId, "registration.worker_id")),
        Name = Rules.Line(Name ?? "", WorkerLimits.MaxTextBytes, "registration.name"),
        Capability = Rules.Required(Capability, "registration.capability"),
        Hardware = Hardware?.ToHardware() ?? new WorkerHardware(),
        Location = Location?.ToLocation() ?? new WorkerLocation(),
        MaxConcurrentTasks = Rules.InRange(MaxConcurrentTasks ?? 1, 1, WorkerLimits.MaxConcurrentTasks, "registration.max_concurrent_tasks"),
        SupportedContentTypes = Texts(SupportedContentTypes, "registration.supported_content_types"),
        Tags = TagTexts(Tags, "registration.tags"),
        Queues = [.. Rules.AtMost(Queues, WorkerLimits.MaxListEntries, "registration.queues")
            .Select((queue, index) => QueueRules.Known(
                Rules.Required(queue, JsonPath.Item("registration.queues", index)), queues, JsonPath.Item("registration.queues", index)))
            .Distinct()],
        InstanceId = InstanceId,
        HeartbeatIntervalSeconds = HeartbeatIntervalSeconds is { } interval
            ? Rules.InRange(interval, WorkerLimits.MinHeartbeatSeconds, WorkerLimits.MaxHeartbeatSeconds, "registration.heartbeat_interval_seconds")
            : null,
    };

    public static ImmutableArray<string> Texts(string[]? values, string field) =>
        [.. Rules.AtMost(values, WorkerLimits.MaxListEntries, field)
            .Select((value, index) => Rules.Line(Rules.Required(value, JsonPath.Item(field, index)), WorkerLimits.MaxTextBytes, JsonPath.Item(field, index)))];

    private static ImmutableSortedDictionary<string, string> TagTexts(Dictionary<string, string?>? tags, string field)
    {
        if (tags is null)
        {
            return ImmutableSortedDictionary<string, string>.Empty;
        }

        if (tags.Count > WorkerLimits.MaxListEntries)
        {
            throw ProblemException.Invalid(field, $"may have at most {WorkerLimits.MaxListEntries} entries, not {tags.Count}");
        }

        return tags.ToImmutableSortedDictionary(
            tag => TagText(tag.Key.Length > 0 ? tag.Key : throw ProblemException.Invalid(field, "must not have an empty key"), field),
            tag => TagText(Rules.Required(tag.Value, JsonPath.Join(field, tag.Key)), JsonPath.Join(field, tag.Key)),
            StringComparer.Ordinal);
    }

    private static string TagText(string text, string field) => Rules.Line(text, WorkerLimits.MaxTextBytes, field);

    // A worker of this name could never be read: GET /workers/stats answers with the counts.
    private static WorkerId NotReserved(WorkerId worker) => worker.Value is not ("stats" or "register")
        ? worker
        : throw ProblemException.Invalid("registration.worker_id", "must not be stats or register, which are names of calls");
}

/// <summary>What a machine has; what is left out is not known.</summary>
internal sealed record HardwareRequest
{
    /// <summary>Logical CPU cores.</summary>
    public int? CpuCores { get; init; }

    /// <summary>Main memory in GiB.</summary>
    public double? MemoryGb { get; init; }

    /// <summary>How many GPUs.</summary>
    public int? GpuCount { get; init; }

    /// <summary>Memory of one GPU in GiB.</summary>
    public double? GpuMemoryGb { get; init; }

    /// <summary>The GPUs' models.</summary>
    public string[]? GpuModels { get; init; }

    /// <summary>Free disk space in GiB.</summary>
    public double? DiskSpaceGb { get; init; }

    public WorkerHardware ToHardware() => new()
    {
        CpuCores = Rules.InRange(CpuCores ?? 0, 0, WorkerLimits.MaxCpuCores, "registration.hardware.cpu_cores"),
        MemoryGb = Rules.InRange(MemoryGb ?? 0, 0, WorkerLimits.MaxMemoryGb, "registration.hardware.memory_gb"),
        GpuCount = Rules.InRange(GpuCount ?? 0, 0, WorkerLimits.MaxGpuCount, "registration.hardware.gpu_count"),
        GpuMemoryGb = Rules.InRange(GpuMemoryGb ?? 0, 0, WorkerLimits.MaxMemoryGb, "registration.hardware.gpu_memory_gb"),
        GpuModels = RegistrationRequest.Texts(GpuModels, "registration.hardware.gpu_models"),
        DiskSpaceGb = Rules.InRange(DiskSpaceGb ?? 0, 0, WorkerLimits.MaxDiskSpaceGb, "registration.hardware.disk_space_gb"),
    };
}

/// <summary>Where a machine is.</summary>
internal sealed record LocationRequest
{
    /// <summary>Its host name.</summary>
    public string? Hostname { get; init; }

    /// <summary>Its IP address.</summary>
    public string? IpAddress { get; init; }

    /// <summary>The port it listens on; 0 where it listens on none.</summary>
    public int? Port { get; init; }

    /// <summary>Whether it is reached over a network that is not ours.</summary>
    public bool? IsRemote { get; init; }

    /// <summary>The latency to it in milliseconds.</summary>
    public double? NetworkLatencyMs { get; init; }

    public WorkerLocation ToLocation() => new()
    {
        Hostname = Rules.Line(Hostname ?? "", WorkerLimits.MaxHostnameBytes, "registration.location.hostname"),
        IpAddress = Rules.Line(IpAddress ?? "", WorkerLimits.MaxAddressBytes, "registration.location.ip_address"),
        Port = Rules.InRange(Port ?? 0, 0, 65_535, "registration.location.port"),
        IsRemote = IsRemote ?? false,
        NetworkLatencyMs = NetworkLatencyMs is { } latency
            ? Rules.InRange(latency, 0, WorkerLimits.MaxLatencyMs, "registration.location.network_latency_ms")
            : null,
    };
}

/// <summary>The worker is registered, durably.</summary>
internal sealed record RegisteredAnswer
{
    /// <summary>Always true: what fails is answered with problem details.</summary>
    public bool Success { get; } = true;

    /// <summary>What happened, in words.</summary>
    public required string Message { get; init; }

    /// <summary>The worker.</summary>
    public required WorkerId WorkerId { get; init; }

    /// <summary>The most bytes of one result, as compact JSON in UTF-8: <c>max-payload</c> of this node.</summary>
    public required int MaxResultBytes { get; init; }
}
