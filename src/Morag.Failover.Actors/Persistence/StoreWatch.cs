using System.Text.RegularExpressions;
using Akka.Event;
using Akka.Pattern;
using Morag.Failover.Actors.Metrics;

namespace Morag.Failover.Actors.Persistence;

/// <summary>
/// Tracks whether the store works. While it is down, every owner fails; the log reports it once, with the store's own message, and again
/// when the store is back.
/// </summary>
internal sealed partial class StoreWatch : IExtension
{
    /// <summary>A success this soon after a failure may have started before it, and proves nothing.</summary>
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(1);

    private const string Unreachable = "unreachable";
    /// <summary>The slowest writes are kept for this period and the one before.</summary>
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan BetweenDiagnoses = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestDiagnosis = TimeSpan.FromSeconds(5);

    // With these faults reads still succeed, so only a write proves that the store is back.
    private static readonly string[] OnlyWritesFail = ["OOM", "READONLY", "MISCONF", "NOREPLICAS"];

    private readonly Lock gate = new();
    private readonly HashSet<string> told = [];
    private readonly ILoggingAdapter log;
    private readonly Func<TimeSpan> elapsed;
    private readonly Func<Task<string?>> diagnose;
    private TimeSpan? diagnosedAt;
    private TimeSpan downSince;
    private TimeSpan failedAt;
    private TimeSpan worstWrite;
    private (TimeSpan? Now, TimeSpan? Before) slowest;
    private TimeSpan periodAt;
    private volatile bool down;

    /// <param name="log">The log.</param>
    /// <param name="elapsed">Reads monotonic time.</param>
    /// <param name="diagnose">Asks the store for the cause of a failure that only timed out.</param>
    internal StoreWatch(ILoggingAdapter log, Func<TimeSpan> elapsed, Func<Task<string?>> diagnose)
    {
        this.log = log;
        this.elapsed = elapsed;
        this.diagnose = diagnose;
    }

    /// <summary>The store watch of an actor system.</summary>
    public static StoreWatch Of(ActorSystem system) => system.WithExtension<StoreWatch, Provider>();

    /// <summary>Records that an owner could not read or write.</summary>
    /// <returns>Whether the store failed for all owners, rather than only this read or write.</returns>
    public bool Failed(Exception cause)
    {
        if (Fault(cause) is not { } fault)
        {
            return false;
        }

        StoreMetrics.Failed();
        lock (gate)
        {
            failedAt = elapsed();
            downSince = down ? downSince : failedAt;
            down = true;
            Report(fault, StoreFault.Describe(cause));
            if (fault == Unreachable && !(failedAt - diagnosedAt < BetweenDiagnoses))
            {
                diagnosedAt = failedAt;
                _ = DiagnoseAsync();
            }
        }

        return true;
    }

    private void Report(string fault, string words)
    {
        if (told.Add(fault))
        {
            log.Error("the store fails: {Why}. Calls that need it get 503 until it is back.", words);
        }
    }

    /// <summary>Calls on a broken connection that Redis refuses to restore only time out. A new connection gets the reason.</summary>
    private async Task DiagnoseAsync()
    {
        try
        {
            if (await diagnose() is { } words && ErrorWord().Match(words) is { Success: true } word)
            {
                lock (gate)
                {
                    if (down)
                    {
                        Report(word.Value, words);
                    }
                }
            }
        }
#pragma warning disable CA1031 // The diagnosis is optional: the failure itself has been logged.
        catch (Exception unknown)
#pragma warning restore CA1031
        {
            log.Debug("the cause of the store's failure could not be determined: {Why}", unknown.Message);
        }
    }

    /// <summary>Reads monotonic time, to measure how long a write takes.</summary>
    public TimeSpan Elapsed => elapsed();

    /// <summary>The longest write since the last call.</summary>
    public TimeSpan WorstWriteSinceLastAsked()
    {
        lock (gate)
        {
            var worst = worstWrite;
            worstWrite = TimeSpan.Zero;
            return worst;
        }
    }

    /// <summary>The longest write of the last 15 to 30 s; null if there was none.</summary>
    public TimeSpan? SlowestWriteLately()
    {
        lock (gate)
        {
            StartPeriodWhenDue();
            return slowest.Before is not { } before || slowest.Now > before ? slowest.Now ?? slowest.Before : before;
        }
    }

    private void StartPeriodWhenDue()
    {
        var passed = elapsed() - periodAt;
        if (passed >= Period)
        {
            slowest = (null, passed < Period * 2 ? slowest.Now : null);
            periodAt = elapsed();
        }
    }

    /// <summary>Records that an owner has written.</summary>
    /// <param name="startedAt">When the write started (<see cref="Elapsed"/>).</param>
    /// <returns>How long it took.</returns>
    public TimeSpan Wrote(TimeSpan startedAt)
    {
        var took = elapsed() - startedAt;
        lock (gate)
        {
            worstWrite = took > worstWrite ? took : worstWrite;
            StartPeriodWhenDue();
            slowest.Now = took <= slowest.Now ? slowest.Now : took;
        }

        Succeeded(wrote: true);
        return took;
    }

    /// <summary>Records that an owner has written, or has recovered.</summary>
    public void Succeeded(bool wrote)
    {
        if (!down)
        {
            return;
        }

        lock (gate)
        {
            if (!down || elapsed() - failedAt < Settled || (!wrote && told.Overlaps(OnlyWritesFail)))
            {
                return;
            }

            down = false;
            told.Clear();
            log.Info("the store is back after {Seconds:0} s", (elapsed() - downSince).TotalSeconds);
        }
    }

    /// <summary>
    /// The kind of a fault that concerns all owners: the first word of the store's error, or unreachable. Null for other faults.
    /// </summary>
    private static string? Fault(Exception cause)
    {
        string? fault = null;
        for (var at = cause; at is not null; at = at.InnerException)
        {
            if (ErrorWord().Match(at.Message) is { Success: true } word)
            {
                return word.Value;
            }

            if (at is TimeoutException or OpenCircuitException || at.GetType().Name.Contains("Connection", StringComparison.Ordinal))
            {
                fault = Unreachable;
            }
        }

        return fault;
    }

    [GeneratedRegex(@"\b(WRONGPASS|NOAUTH|NOPERM|OOM|READONLY|MISCONF|NOREPLICAS|LOADING|CLUSTERDOWN|MASTERDOWN|BUSY)\b")]
    private static partial Regex ErrorWord();

    private sealed class Provider : ExtensionIdProvider<StoreWatch>
    {
        public override StoreWatch CreateExtension(ExtendedActorSystem system) =>
            new(Logging.GetLogger(system, typeof(StoreWatch)), () => system.Scheduler.MonotonicClock, () => JournalTroubleAsync(system));

        private static async Task<string?> JournalTroubleAsync(ActorSystem system)
        {
            using var patience = new CancellationTokenSource(LongestDiagnosis);
            var journal = system.Settings.Config.GetString("akka.persistence.journal.plugin");
            return (await Akka.Persistence.Persistence.Instance.Apply(system).CheckJournalHealthAsync(journal, patience.Token)).Description;
        }
    }
}
