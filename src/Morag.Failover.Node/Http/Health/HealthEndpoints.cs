using System.Collections.Immutable;
using Morag.Failover.Actors.Hosting;
using Morag.Failover.Actors.Outages;
using Morag.Failover.Actors.Timing;
using Morag.Failover.Contracts;
using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.OpenApi;

namespace Morag.Failover.Node.Http.Health;

/// <summary>The response of a health check.</summary>
internal sealed record HealthAnswer
{
    /// <summary><c>live</c> or <c>ready</c>.</summary>
    public required string Status { get; init; }

    /// <summary>The node's wall clock compared with its steady clock; only with <c>ready</c>.</summary>
    public ClockAnswer? Clock { get; init; }

    /// <summary>
    /// The queue partitions, coordinators and directory buckets that fail although the node is ready, each with its reason; null if there
    /// are none. <c>GET /cluster/alerts</c> gives details.
    /// </summary>
    public IReadOnlyDictionary<string, string>? Alerts { get; init; }
}

/// <summary>The state of the node's wall clock. A step of the clock changes the times shown to people, but no duration.</summary>
internal sealed record ClockAnswer
{
    /// <summary>Seconds by which the wall clock is ahead of the times this node shows; negative if it is behind.</summary>
    public required double WallClockAheadSeconds { get; init; }

    /// <summary>The number of steps of half a second or more since the node started.</summary>
    public required int Steps { get; init; }

    /// <summary>The last step in seconds, positive for a step forward; null if there was none.</summary>
    public double? LastStepSeconds { get; init; }

    /// <summary>When the last step was noticed.</summary>
    public DateTimeOffset? LastStepAt { get; init; }

    public static ClockAnswer Of(ClockReading reading) => new()
    {
        WallClockAheadSeconds = Math.Round(reading.WallClockAhead.TotalSeconds, 3),
        Steps = reading.Steps,
        LastStepSeconds = reading.LastStep is { } step ? Math.Round(step.By.TotalSeconds, 3) : null,
        LastStepAt = reading.LastStep?.NoticedAt,
    };
}

/// <summary>
/// <c>/health/live</c> answers while the process is alive; restart the process when it does not. <c>/health/ready</c> answers 503 while
/// the node is not an up member of the cluster, the journal is unhealthy, all owners of a kind are down, its presence in Redis has
/// expired, or it is stopping. Neither requires a token.
/// </summary>
internal static class HealthEndpoints
{
    private static readonly TimeSpan CheckTimeout = TimeSpan.FromSeconds(2);

    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        var health = routes.MapGroup("/health").WithTags("Health").AllowAnonymous();
        health.MapGet("live", () => TypedResults.Json(new HealthAnswer { Status = "live" }, ContractsJson.Options))
            .Describes<HealthAnswer>("Whether the process is alive");
        health.MapGet("ready", Ready).Describes<HealthAnswer>("Whether the node can serve calls; if not, 503 with the failing checks");
    }

    private static async Task<IResult> Ready(
        HttpContext context,
        IEnumerable<ReadinessCheck> checks,
        SteadyClock clock,
        OwnerHealth owners,
        IServingPermit permit,
        IHostApplicationLifetime lifetime)
    {
        var results = await Task.WhenAll(checks.Select(check => Run(check, context.RequestAborted)));
        var failing = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, why) in results.SelectMany(result => result))
        {
            failing[name] = why;
        }

        if (PermitText.NotServing(permit) is { } notServing)
        {
            failing["presence"] = notServing;
        }

        if (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            failing["stopping"] = "the node is stopping";
        }

        return failing.Count == 0
            ? Answer.Ok(new HealthAnswer
            {
                Status = "ready",
                Clock = ClockAnswer.Of(clock.Reading),
                Alerts = owners.Down is { Count: > 0 } down
                    ? down.ToImmutableSortedDictionary(owner => owner.Key, owner => owner.Value.Why, StringComparer.Ordinal)
                    : null,
            })
            : Problem.NotReady(failing);
    }

    private static async Task<IReadOnlyDictionary<string, string>> Run(ReadinessCheck check, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(CheckTimeout);
        try
        {
            return await check.Failures(limit.Token).WaitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            return new Dictionary<string, string> { [check.Name] = $"no answer within {CheckTimeout.TotalSeconds} s" };
        }
#pragma warning disable CA1031 // A check that throws for any reason is a failing check; the response shows the reason.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            return new Dictionary<string, string> { [check.Name] = failure.Message };
        }
    }
}
