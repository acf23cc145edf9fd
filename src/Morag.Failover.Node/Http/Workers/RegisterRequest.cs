using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.Input;
using Morag.Failover.Node.Http.Tasks;

namespace Morag.Failover.Node.Http.Workers;

/// <summary>Registers a worker or renews its registration.</summary>
internal sealed record RegisterRequest
{
    /// <summary>The registration. Required.</summary>
    [Required]
    public RegistrationRequest? Registration { get; init; }

    /// <summary>A token, for callers that cannot set the <c>Authorization</c> header.</summary>
    public string? AuthToken { get; init; }
}

/// <summary>A worker's description of itself.</summary>
internal sealed record RegistrationRequest
{
    /// <summary>The worker's id, which stays the same across restarts. Required.</summary>
    [Required]
    public WorkerId? WorkerId { get; init; }

    /// <summary>A display name of at most 200 bytes of UTF-8.</summary>
    public string? Name { get; init; }

    /// <summary>The kind of machine. Required.</summary>
    [Required]
    public WorkerCapability? Capability { get; init; }

    /// <summary>The hardware of the machine.</summary>
    public HardwareRequest? Hardware { get; init; }

    /// <summary>The location of the machine.</summary>
    public LocationRequest? Location { get; init; }

    /// <summary>The maximum number of tasks that the worker holds at once, 1 to 10000. Default: 1.</summary>
    public int? MaxConcurrentTasks { get; init; }

    /// <summary>The content types that the worker can process. Default: all.</summary>
    public string[]? SupportedContentTypes { get; init; }

    /// <summary>Free-form texts for people and tools, such as <c>{"site": "home"}</c>.</summary>
    public Dictionary<string, string?>? Tags { get; init; }

    /// <summary>The queues that the worker serves. Default: every queue that matches its capability.</summary>
    public string[]? Queues { get; init; }

    /// <summary>An id that is new for each start of the worker process.</summary>
    public InstanceId? InstanceId { get; init; }

    /// <summary>The heartbeat interval in seconds, 0.1 to 3600.</summary>
    public double? HeartbeatIntervalSeconds { get; init; }

    public WorkerRegistration ToRegistration(QueueSettings queues) => new()
    {
        WorkerId = NotReserved(Rules.Required(WorkerId, "registration.worker_id")),
        Name = Rules.Line(Name ?? "", WorkerLimits.MaxTextBytes, "registration.name"),
        Capability = Rules.Required(Capability, "registration.capability"),
        Hardware = Hardware?.ToHardware() ?? new WorkerHardware(),
        Location = Location?.ToLocation() ?? new WorkerLocation(),
        MaxConcurrentTasks = Rules.InRange(
            MaxConcurrentTasks ?? 1, 1, WorkerLimits.MaxConcurrentTasks, "registration.max_concurrent_tasks"),
        SupportedContentTypes = Texts(SupportedContentTypes, "registration.supported_content_types"),
        Tags = TagTexts(Tags, "registration.tags"),
        Queues = [.. Rules.AtMost(Queues, WorkerLimits.MaxListEntries, "registration.queues")
            .Select((queue, index) => QueueRules.Known(
                Rules.Required(queue, JsonPath.Item("registration.queues", index)), queues, JsonPath.Item("registration.queues", index)))
            .Distinct()],
        InstanceId = InstanceId,
        HeartbeatIntervalSeconds = HeartbeatIntervalSeconds is { } interval
            ? Rules.InRange(
                interval,
                WorkerLimits.MinHeartbeatSeconds,
                WorkerLimits.MaxHeartbeatSeconds,
                "registration.heartbeat_interval_seconds")
            : null,
    };

    public static ImmutableArray<string> Texts(string[]? values, string field) =>
        [.. Rules.AtMost(values, WorkerLimits.MaxListEntries, field)
            .Select((value, index) => Rules.Line(
                Rules.Required(value, JsonPath.Item(field, index)), WorkerLimits.MaxTextBytes, JsonPath.Item(field, index)))];

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

    // Workers with these ids would be unreachable: GET /workers/stats returns the counts.
    private static WorkerId NotReserved(WorkerId worker) => WorkerLimits.IsReserved(worker.Value)
        ? throw ProblemException.Invalid(
            "registration.worker_id",
            $"must not be {string.Join(" or ", WorkerLimits.ReservedIds.Select(id => $"\"{id}\""))}, which are names of calls")
        : worker;
}

/// <summary>The hardware of a machine. A missing value is unknown.</summary>
internal sealed record HardwareRequest
{
    /// <summary>Logical CPU cores.</summary>
    public int? CpuCores { get; init; }

    /// <summary>Main memory in GiB.</summary>
    public double? MemoryGb { get; init; }

    /// <summary>The number of GPUs.</summary>
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

/// <summary>The location of a machine.</summary>
internal sealed record LocationRequest
{
    /// <summary>Its host name.</summary>
    public string? Hostname { get; init; }

    /// <summary>Its IP address.</summary>
    public string? IpAddress { get; init; }

    /// <summary>The port that the worker listens on; 0 if none.</summary>
    public int? Port { get; init; }

    /// <summary>Whether it is reached over a network outside the operator's control.</summary>
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

/// <summary>The worker is registered, and the registration is stored.</summary>
internal sealed record RegisteredAnswer
{
    /// <summary>Always true: a failed registration is answered with problem details.</summary>
    public bool Success { get; } = true;

    /// <summary>What happened.</summary>
    public required string Message { get; init; }

    /// <summary>The worker.</summary>
    public required WorkerId WorkerId { get; init; }

    /// <summary>The maximum size of a result as compact UTF-8 JSON, in bytes: <c>max-payload</c> of this node.</summary>
    public required int MaxResultBytes { get; init; }
}
