using System.Diagnostics;
using System.Globalization;
using Morag.Failover.History;

namespace Morag.Failover.Chaos;

/// <summary>Collects what clients see and do, in the words of the history checker, and notes for people.</summary>
/// <param name="clocksJump">Whether the clocks of nodes jump.</param>
internal sealed class HistoryRecorder(bool clocksJump)
{
    private static readonly TimeSpan MostSlew = TimeSpan.FromMinutes(5);

    private readonly Lock gate = new();
    private readonly List<Happening> happenings = [];
    private readonly List<string> notes = [];
    private readonly List<string> faults = [];
    private DateTimeOffset startedAt = TimeProvider.System.GetUtcNow();
    private long startedTicks = Stopwatch.GetTimestamp();

    /// <summary>The time since the start.</summary>
    public TimeSpan Now => Stopwatch.GetElapsedTime(startedTicks);

    /// <summary>What was recorded, in the order of time.</summary>
    public IReadOnlyList<Happening> Happenings
    {
        get
        {
            lock (gate)
            {
                return [.. happenings.OrderBy(happening => happening.At)];
            }
        }
    }

    /// <summary>What is wrong and no rule of the checker says, such as an exit code.</summary>
    public IReadOnlyList<string> Faults
    {
        get
        {
            lock (gate)
            {
                return [.. faults];
            }
        }
    }

    /// <summary>What happened, for people.</summary>
    public string Notes
    {
        get
        {
            lock (gate)
            {
                return string.Join('\n', notes);
            }
        }
    }

    /// <summary>Begins the history now.</summary>
    public void Start()
    {
        startedAt = TimeProvider.System.GetUtcNow();
        startedTicks = Stopwatch.GetTimestamp();
    }

    /// <summary>A time that a node wrote, on the clock of this history.</summary>
    public TimeSpan At(DateTimeOffset time)
    {
        var at = time - startedAt;
        if (!clocksJump)
        {
            return at;
        }

        // The clock of the node may have been off by whole hours, and slowly approach another one.
        var hours = Math.Floor((at + MostSlew) / ChaosPlan.ClockJump);
        return at - (hours * ChaosPlan.ClockJump);
    }

    public void Record(Func<TimeSpan, Happening> happening)
    {
        lock (gate)
        {
            happenings.Add(happening(Now));
        }
    }

    /// <summary>Gets each note when it is made.</summary>
    public Action<string> Listener { get; init; } = static _ => { };

    public void Note(string what)
    {
        var note = string.Create(CultureInfo.InvariantCulture, $"{Now.TotalSeconds,7:0.0} s {what}");
        lock (gate)
        {
            notes.Add(note);
        }

        Listener(note);
    }

    public void Fault(string what)
    {
        Note(what);
        lock (gate)
        {
            faults.Add(what);
        }
    }
}
