using Morag.Failover.Actors.Timing;
using Morag.Failover.Contracts;
using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.OpenApi;

namespace Morag.Failover.Node.Http.Health;

/// <summary>What the platform is told.</summary>
internal sealed record HealthAnswer
{
    /// <summary><c>live</c> or <c>ready</c>.</summary>
    public required string Status { get; init; }

    /// <summary>How the node's wall clock stands against the steady clock that it measures by; only with <c>ready</c>.</summary>
    public ClockAnswer? Clock { get; init; }
}

/// <summary>The node's wall clock. A step of it changes no duration, but the times that people read.</summary>
internal sealed record ClockAnswer
{
    /// <summary>Seconds that the wall clock is ahead of the times this node shows; negative where it is behind.</summary>
    public required double WallClockAheadSeconds { get; init; }

    /// <summary>How often the wall clock stepped by half a second or more since the node started.</summary>
    public required int Steps { get; init; }

    /// <summary>Seconds of the last step: positive forward, negative back; null where there was none.</summary>
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
/// <c>/health/live</c>: the process answers; restart it where it does not. <c>/health/ready</c>: send it calls; 503 while it is
/// no member of the cluster, its journal is not well, a part of the state is down, or it is stopping. Both are open without a token.
/// </summary>
internal static class HealthEndpoints
{
    private static readonly TimeSpan CheckTimeout = TimeSpan.FromSeconds(2);

    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        var health = routes.MapGroup("/health").WithTags("Health").AllowAnonymous();
        health.MapGet("live", () => TypedResults.Json(new HealthAnswer { Status = "live" }, ContractsJson.Options))
            .Describes<HealthAnswer>("Whether the process is alive");
        health.MapGet("ready", Ready).Describes<HealthAnswer>("Whether the node should get calls; 503 with what is failing where not");
    }

    private static async Task<IResult> Ready(
        HttpContext context, IEnumerable<ReadinessCheck> checks, SteadyClock clock, IHostApplicationLifetime lifetime)
    {
        var troubles = await Task.WhenAll(checks.Select(check => Troubles(check, context.RequestAborted)));
        var failing = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, why) in troubles.SelectMany(trouble => trouble))
        {
            failing[name] = why;
        }

        if (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            failing["stopping"] = "the node is stopping";
        }

        return failing.Count == 0 ? Answer.Ok(new HealthAnswer { Status = "ready", Clock = ClockAnswer.Of(clock.Reading) }) : Problem.NotReady(failing);
    }

    private static async Task<IReadOnlyDictionary<string, string>> Troubles(ReadinessCheck check, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(CheckTimeout);
        try
        {
            return await check.Troubles(limit.Token).WaitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            return new Dictionary<string, string> { [check.Name] = $"no answer within {CheckTimeout.TotalSeconds} s" };
        }
#pragma warning disable CA1031 // Whatever keeps a check from answering, the node is not ready; the answer says what it was.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            return new Dictionary<string, string> { [check.Name] = failure.Message };
        }
    }
}
