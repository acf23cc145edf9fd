using System.Globalization;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Workers;

/// <summary>Checks a worker's request for leases, and how many leases the worker may take.</summary>
public static class LeaseRequestRules
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(CallLimits.MaxWaitSeconds);

    /// <summary>Why a registered worker's request is rejected; null if it is valid.</summary>
    public static Refused? Refusal(WorkerState state, RequestLeases request, FailoverSettings settings)
    {
        if (request.MaxTasks is < 1 or > CallLimits.MaxLeases)
        {
            return Refused.Invalid("max_tasks", $"must be 1 to {CallLimits.MaxLeases}");
        }

        if (request.Wait < TimeSpan.Zero || request.Wait > LongestWait)
        {
            return Refused.Invalid("wait_seconds", $"must be 0 to {CallLimits.MaxWaitSeconds}");
        }

        foreach (var name in request.Queues)
        {
            if (settings.Queues.Find(name) is null)
            {
                return Refused.Invalid("queues", $"there is no queue '{name}'");
            }
        }

        var profile = Eligibility.ProfileOf(state.Registration!);
        return settings.Queues.Definitions.Any(queue =>
            Eligibility.Serves(profile, queue) && (request.Queues.IsEmpty || request.Queues.Contains(queue.Name)))
                ? null
                : Refused.Invalid("queues", "the worker serves none of these queues");
    }

    /// <summary>The refusal of a request when as many calls of the worker wait as may wait.</summary>
    public static Refused TooManyWaiting(WorkerSettings settings) => Refused.LimitReached(string.Create(
        CultureInfo.InvariantCulture,
        $"{settings.MaxWaitingCalls:N0} calls of this worker already wait for leases. Wait for one of them to end, ")
        + "or raise morag.failover.workers.max-waiting-calls");

    /// <summary>How many more leases the worker may take now: its free slots, limited by its breaker.</summary>
    public static int Room(WorkerState state, int held, WorkerSettings settings, DateTimeOffset now) =>
        state is { Registration: { } registration, Liveness: Liveness.Alive, ReportedStatus: WorkerStatus.Online, IsDraining: false }
            ? Math.Min(Math.Max(0, registration.MaxConcurrentTasks - held), BreakerRules.AllowedLeases(state.Breaker, settings, now))
            : 0;
}
