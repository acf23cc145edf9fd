using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Workers;

/// <summary>Validates registrations.</summary>
public static class RegistrationRules
{
    /// <summary>The first rule that the registration breaks; null if it is valid.</summary>
    public static Refused? Refusal(WorkerRegistration registration, QueueSettings queues) =>
        BrokenByIdentity(registration)
        ?? BrokenByHardware(registration.Hardware)
        ?? BrokenByLocation(registration.Location)
        ?? BrokenByTexts("supported_content_types", registration.SupportedContentTypes)
        ?? BrokenByTags(registration.Tags)
        ?? BrokenByTexts("hardware.gpu_models", registration.Hardware.GpuModels)
        ?? BrokenByQueues(registration, queues);

    private static Refused? BrokenByIdentity(WorkerRegistration registration)
    {
        if (!Identifier.IsValid(registration.WorkerId.Value))
        {
            return Refused.Invalid("worker_id", $"must be {Identifier.Rule}");
        }

        if (WorkerLimits.IsReserved(registration.WorkerId.Value))
        {
            return Refused.Invalid("worker_id", $"must not be {string.Join(" or ", WorkerLimits.ReservedIds)}, which are names of calls");
        }

        if (registration.InstanceId is { } instance && !Identifier.IsValid(instance.Value))
        {
            return Refused.Invalid("instance_id", $"must be {Identifier.Rule}");
        }

        if (TextBytes.BrokenRule(registration.Name, WorkerLimits.MaxTextBytes) is { } rule)
        {
            return Refused.Invalid("name", rule);
        }

        if (!Enum.IsDefined(registration.Capability))
        {
            return Refused.Invalid("capability", "must be cpu, gpu or hybrid");
        }

        if (registration.MaxConcurrentTasks is < 1 or > WorkerLimits.MaxConcurrentTasks)
        {
            return Refused.Invalid("max_concurrent_tasks", $"must be 1 to {WorkerLimits.MaxConcurrentTasks}");
        }

        return registration.HeartbeatIntervalSeconds is not (
            null or (>= WorkerLimits.MinHeartbeatSeconds and <= WorkerLimits.MaxHeartbeatSeconds))
            ? Refused.Invalid(
                "heartbeat_interval_seconds",
                FormattableString.Invariant($"must be {WorkerLimits.MinHeartbeatSeconds} to {WorkerLimits.MaxHeartbeatSeconds}"))
            : null;
    }

    private static Refused? BrokenByHardware(WorkerHardware hardware) =>
        BrokenByNumber("hardware.cpu_cores", hardware.CpuCores, WorkerLimits.MaxCpuCores)
        ?? BrokenByNumber("hardware.memory_gb", hardware.MemoryGb, WorkerLimits.MaxMemoryGb)
        ?? BrokenByNumber("hardware.gpu_count", hardware.GpuCount, WorkerLimits.MaxGpuCount)
        ?? BrokenByNumber("hardware.gpu_memory_gb", hardware.GpuMemoryGb, WorkerLimits.MaxMemoryGb)
        ?? BrokenByNumber("hardware.disk_space_gb", hardware.DiskSpaceGb, WorkerLimits.MaxDiskSpaceGb);

    private static Refused? BrokenByLocation(WorkerLocation location)
    {
        if (TextBytes.BrokenRule(location.Hostname, WorkerLimits.MaxHostnameBytes) is { } hostnameRule)
        {
            return Refused.Invalid("location.hostname", hostnameRule);
        }

        if (TextBytes.BrokenRule(location.IpAddress, WorkerLimits.MaxAddressBytes) is { } addressRule)
        {
            return Refused.Invalid("location.ip_address", addressRule);
        }

        return location.Port is < 0 or > 65_535
            ? Refused.Invalid("location.port", "must be 0 to 65535")
            : BrokenByNumber("location.network_latency_ms", location.NetworkLatencyMs ?? 0, WorkerLimits.MaxLatencyMs);
    }

    private static Refused? BrokenByNumber(string field, double number, double most) =>
        number >= 0 && number <= most ? null : Refused.Invalid(field, FormattableString.Invariant($"must be 0 to {most}"));

    private static Refused? BrokenByTags(ImmutableSortedDictionary<string, string> tags) =>
        tags.Count <= WorkerLimits.MaxListEntries
        && tags.All(tag => tag.Key.Length > 0
            && TextBytes.Of(tag.Key) <= WorkerLimits.MaxTextBytes
            && TextBytes.Of(tag.Value) <= WorkerLimits.MaxTextBytes)
            ? null
            : Refused.Invalid(
                "tags",
                $"must be at most {WorkerLimits.MaxListEntries} keys of 1 to {WorkerLimits.MaxTextBytes} bytes in UTF-8, "
                + $"each with a text of at most {WorkerLimits.MaxTextBytes} bytes");

    private static Refused? BrokenByTexts(string field, ImmutableArray<string> texts)
    {
        if (texts.IsDefaultOrEmpty)
        {
            return null;
        }

        return texts.Length > WorkerLimits.MaxListEntries
            || texts.Any(text => string.IsNullOrEmpty(text) || TextBytes.Of(text) > WorkerLimits.MaxTextBytes)
            ? Refused.Invalid(
                field, $"must be at most {WorkerLimits.MaxListEntries} texts of 1 to {WorkerLimits.MaxTextBytes} bytes in UTF-8")
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
                return Refused.Invalid(
                    "queues",
                    $"there is no queue '{name}'; there are {string.Join(", ", queues.Definitions.Select(known => known.Name))}");
            }

            if (!Eligibility.Serves(profile, queue))
            {
                return Refused.Invalid("queues", $"a worker of this capability cannot serve the queue '{name}'");
            }
        }

        return null;
    }
}
