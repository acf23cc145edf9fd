using System.Globalization;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Fleet;

/// <summary>Decides which workers can take a task. Every lease and every decision about placement uses these rules.</summary>
public static class Eligibility
{
    /// <summary>The profile of a registration.</summary>
    public static WorkerProfile ProfileOf(WorkerRegistration registration) => new()
    {
        Capability = registration.Capability,
        Queues = registration.Queues,
        ContentTypes = registration.SupportedContentTypes,
        GpuCount = registration.Hardware.GpuCount,
        MemoryGb = registration.Hardware.MemoryGb,
        DiskGb = registration.Hardware.DiskSpaceGb,
    };

    /// <summary>Whether workers of this profile serve the queue.</summary>
    public static bool Serves(WorkerProfile profile, QueueDefinition queue)
    {
        var capable = profile.Capability switch
        {
            WorkerCapability.Hybrid => true,
            WorkerCapability.Gpu => queue.Gpu,
            WorkerCapability.Cpu => !queue.Gpu,
            _ => false,
        };
        return capable && (profile.Queues.IsDefaultOrEmpty || profile.Queues.Contains(queue.Name));
    }

    /// <summary>Whether workers of this profile meet the requirements of a task.</summary>
    public static bool Meets(WorkerProfile profile, string? contentType, ResourceRequirements needs) =>
        (contentType is null || profile.ContentTypes.IsDefaultOrEmpty || profile.ContentTypes.Contains(contentType))
        && (!needs.GpuRequired || profile.GpuCount > 0)
        && needs.MemoryGb <= profile.MemoryGb
        && needs.DiskGb <= profile.DiskGb;

    /// <summary>Whether workers of this profile can take the task from the queue.</summary>
    public static bool CanTake(WorkerProfile profile, QueueDefinition queue, string? contentType, ResourceRequirements needs) =>
        Serves(profile, queue) && Meets(profile, contentType, needs);

    /// <summary>Why workers of this profile cannot take the task from the queue; null if they can.</summary>
    public static string? Obstacle(WorkerProfile profile, QueueDefinition queue, string? contentType, ResourceRequirements needs) =>
        FirstObstacle(profile, queue, contentType, needs).Words;

    /// <summary>How many rules workers of this profile meet for the task, in the order of <see cref="Obstacle"/>.</summary>
    public static int RulesMet(WorkerProfile profile, QueueDefinition queue, string? contentType, ResourceRequirements needs) =>
        FirstObstacle(profile, queue, contentType, needs).RulesMet;

    private static (int RulesMet, string? Words) FirstObstacle(
        WorkerProfile profile, QueueDefinition queue, string? contentType, ResourceRequirements needs)
    {
        if (!Serves(profile, queue))
        {
            return (0, $"does not serve {queue.Name}");
        }

        if (!Meets(profile, contentType, ResourceRequirements.None))
        {
            return (1, $"does not support {contentType}");
        }

        if (needs.GpuRequired && profile.GpuCount == 0)
        {
            return (2, "has no GPU, and the task needs one");
        }

        return needs.MemoryGb > profile.MemoryGb ? (3, TooLittle("memory", profile.MemoryGb, needs.MemoryGb))
            : needs.DiskGb > profile.DiskGb ? (4, TooLittle("disk", profile.DiskGb, needs.DiskGb))
            : (5, null);
    }

    private static string TooLittle(string what, double has, double needs) =>
        string.Create(CultureInfo.InvariantCulture, $"has {has:0.##} GiB of {what}, and the task needs {needs:0.##}");
}
