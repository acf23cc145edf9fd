using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Workers;

/// <summary>What a registration has to keep.</summary>
public static class RegistrationRules
{
    private const int MaxText = 200;
    private const int MaxItems = 100;

    /// <summary>The first rule that the registration breaks, or null.</summary>
    public static Refused? Broken(WorkerRegistration registration, QueueSettings queues) =>
        BrokenByIdentity(registration)
        ?? BrokenByHardware(registration.Hardware)
        ?? BrokenByLocation(registration.Location)
        ?? BrokenByTexts("supported_content_types", registration.SupportedContentTypes)
        ?? BrokenByTexts("tags", registration.Tags)
        ?? BrokenByTexts("hardware.gpu_models", registration.Hardware.GpuModels)
        ?? BrokenByQueues(registration, queues);

    private static Refused? BrokenByIdentity(WorkerRegistration registration)
    {
        if (!Identifier.IsValid(registration.WorkerId.Value))
        {
            return Refused.Invalid("worker_id", $"must be {Identifier.Rule}");
        }

        if (registration.InstanceId is { } instance && !Identifier.IsValid(instance.Value))
        {
            return Refused.Invalid("instance_id", $"must be {Identifier.Rule}");
        }

        if (registration.Name.Length > MaxText)
        {
            return Refused.Invalid("name", "must have at most 200 characters");
        }

        if (!Enum.IsDefined(registration.Capability))
        {
            return Refused.Invalid("capability", "must be cpu, gpu or hybrid");
        }

        if (registration.MaxConcurrentTasks is < 1 or > 10_000)
        {
            return Refused.Invalid("max_concurrent_tasks", "must be 1 to 10000");
        }

        return registration.HeartbeatIntervalSeconds is { } interval && interval is not (>= 0.1 and <= 3600)
            ? Refused.Invalid("heartbeat_interval_seconds", "must be 0.1 to 3600")
            : null;
    }

    private static Refused? BrokenByHardware(WorkerHardware hardware) =>
        BrokenByNumber("hardware.cpu_cores", hardware.CpuCores)
        ?? BrokenByNumber("hardware.memory_gb", hardware.MemoryGb)
        ?? BrokenByNumber("hardware.gpu_count", hardware.GpuCount)
        ?? BrokenByNumber("hardware.gpu_memory_gb", hardware.GpuMemoryGb)
        ?? BrokenByNumber("hardware.disk_space_gb", hardware.DiskSpaceGb);

    private static Refused? BrokenByLocation(WorkerLocation location)
    {
        if (location.Hostname.Length > MaxText)
        {
            return Refused.Invalid("location.hostname", "must have at most 200 characters");
        }

        if (location.IpAddress.Length > MaxText)
        {
            return Refused.Invalid("location.ip_address", "must have at most 200 characters");
        }

        return location.Port is < 0 or > 65_535
            ? Refused.Invalid("location.port", "must be 0 to 65535")
            : BrokenByNumber("location.network_latency_ms", location.NetworkLatencyMs ?? 0);
    }

    private static Refused? BrokenByNumber(string field, double number) =>
        double.IsFinite(number) && number >= 0 ? null : Refused.Invalid(field, "must be a number, 0 or more");

    private static Refused? BrokenByTexts(string field, ImmutableArray<string> texts)
    {
        if (texts.IsDefaultOrEmpty)
        {
            return null;
        }

        return texts.Length > MaxItems || texts.Any(text => string.IsNullOrEmpty(text) || text.Length > MaxText)
            ? Refused.Invalid(field, "must be at most 100 texts of 1 to 200 characters")
            : null;
    }

    private static Refused? BrokenByQueues(WorkerRegistration registration, QueueSettings queues)
    {
        if (registration.Queues.IsDefaultOrEmpty)
        {
            return null;
        }

        var profile = Eligibility.ProfileOf(registration);
        foreach (var name in registration.Queues)
        {
            if (queues.Find(name) is not { } queue)
            {
                return Refused.Invalid("queues", $"there is no queue '{name}'; there are {string.Join(", ", queues.Definitions.Select(known => known.Name))}");
            }

            if (!Eligibility.Serves(profile, queue))
            {
                return Refused.Invalid("queues", $"a worker of this capability cannot serve the queue '{name}'");
            }
        }

        return null;
    }
}
