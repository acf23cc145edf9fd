using Morag.Failover.Node.Logging;
using StackExchange.Redis;

namespace Morag.Failover.Node.Http.Dashboard;

/// <summary>
/// Tells the other nodes through Redis which sessions were ended here, at once, and learns every few seconds which were ended there. A
/// session that is ended while Redis is down stays open on the other nodes until Redis is back.
/// </summary>
internal sealed class EndedSessionsExchange(
    EndedSessions sessions, DashboardKeys redis, TimeSpan interval, TimeProvider clock, ILogger<EndedSessionsExchange> log)
    : BackgroundService
{
    /// <summary>The Redis sorted set of the sessions, by the time at which each would have ended, in Unix seconds.</summary>
    public const string Key = "morag:dashboard-ended-sessions";

    /// <summary>A score beyond what a time can be must not stop the node.</summary>
    private static readonly double LatestScore = DateTimeOffset.MaxValue.ToUnixTimeSeconds() - 1;

    /// <summary>How often a node learns what was ended on others.</summary>
    public static readonly TimeSpan UsualInterval = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim changed = new(0, 1);
    private readonly HashSet<string> told = new(StringComparer.Ordinal);
    private bool isSilent;

    /// <summary>Learns the sessions before the node answers its first call.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await TryExchangeAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    /// <inheritdoc />
    public override void Dispose()
    {
        base.Dispose();
        changed.Dispose();
    }

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var watch = sessions.Watch(_ => Signal());
        try
        {
            while (true)
            {
                _ = await changed.WaitAsync(interval, stoppingToken);
                await TryExchangeAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    private void Signal()
    {
        try
        {
            _ = changed.Release();
        }
        catch (SemaphoreFullException)
        {
            // It is about to look.
        }
    }

    private async Task TryExchangeAsync(CancellationToken stop)
    {
        try
        {
            // A node that stops does not wait for a Redis that hangs.
            await ExchangeAsync(redis.Database).WaitAsync(stop);
            isSilent = false;
        }
        catch (Exception failure) when (failure is RedisException or TimeoutException)
        {
            if (!isSilent)
            {
                log.SessionsNotExchanged(failure.Message);
            }

            isSilent = true;
        }
    }

    private async Task ExchangeAsync(IDatabase database)
    {
        var now = clock.GetUtcNow().ToUnixTimeSeconds();
        var all = sessions.All;
        told.IntersectWith(all.Select(session => session.Key));
        SortedSetEntry[] fresh =
        [
            .. all.Where(session => !told.Contains(session.Key))
                .Select(session => new SortedSetEntry(session.Key, session.Value.ToUnixTimeSeconds())),
        ];
        if (fresh.Length > 0)
        {
            _ = await database.SortedSetAddAsync(Key, fresh);
            told.UnionWith(fresh.Select(entry => entry.Element.ToString()));
            _ = await database.SortedSetRemoveRangeByScoreAsync(Key, double.NegativeInfinity, now);
        }

        foreach (var entry in await database.SortedSetRangeByScoreWithScoresAsync(
            Key, now, order: Order.Descending, take: EndedSessions.Most, flags: CommandFlags.DemandMaster))
        {
            _ = told.Add(entry.Element.ToString());
            _ = sessions.Add(entry.Element.ToString(), DateTimeOffset.FromUnixTimeSeconds((long)Math.Min(entry.Score, LatestScore) + 1));
        }
    }
}
