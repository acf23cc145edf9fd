using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Domain.Workers;

/// <summary>
/// A worker's recent outcomes, in the order in which its entity learned of them. They tell how well the worker did its work at the time
/// of one failure: a worker that succeeds before and after it was sound, one that fails task after task around it was broken.
/// </summary>
/// <remarks>
/// The estimate is the smoothed state of a hidden Markov model with two states, sound and broken (the forward-backward algorithm, Rabiner,
/// "A tutorial on hidden Markov models", Proceedings of the IEEE 77(2), 1989). A sound worker fails one task in ten, a broken one succeeds
/// at one in ten, and each changes into the other with one outcome in fifty; of a worker without a record either is as likely. The failures
/// of the task in question are left out: they are what the estimate is to judge. docs/decisions.md gives the formula.
/// </remarks>
public sealed record WorkRecord
{
    /// <summary>The most entries that are kept; successes in a row at one kind of work are one entry.</summary>
    public const int EntriesKept = 48;

    /// <summary>The chance that a sound worker fails a task, and that a broken one completes it.</summary>
    public const double Exception = 0.1;

    /// <summary>The chance that a worker breaks, or is mended, between two outcomes.</summary>
    public const double Change = 0.02;

    /// <summary>How much an outcome at another kind of work weighs.</summary>
    public const double OtherWorkWeight = 0.25;

    /// <summary>How much a failure weighs that turned out to be the task's own: that may have been a mistake, too.</summary>
    public const double ExcusedWeight = 0.5;

    /// <summary>So many successes in a row say all that further ones could.</summary>
    private const int MostOfOneEntry = 32;

    /// <summary>Nothing known.</summary>
    public static readonly WorkRecord Empty = new();

    /// <summary>The entries, oldest first.</summary>
    public ImmutableList<WorkOutcome> Entries { get; init; } = [];

    /// <summary>With one more entry.</summary>
    public WorkRecord With(WorkOutcome outcome)
    {
        if (outcome.FailedTask is null
            && Entries is [.., { FailedTask: null } last]
            && last.Queue == outcome.Queue
            && last.ContentType == outcome.ContentType)
        {
            var count = (int)Math.Min(int.MaxValue, (long)last.Count + outcome.Count);
            return new WorkRecord { Entries = Entries.SetItem(Entries.Count - 1, last with { Count = count }) };
        }

        return new WorkRecord { Entries = (Entries.Count < EntriesKept ? Entries : Entries.RemoveAt(0)).Add(outcome) };
    }

    /// <summary>The record with these failures attributed to their tasks; the same instance if it contains none of them.</summary>
    public WorkRecord Excuse(ImmutableArray<FailureId> failures)
    {
        var entries = Entries;
        for (var index = 0; index < entries.Count; index++)
        {
            if (entries[index] is { Excused: false, FailureId: { } failure } && failures.Contains(failure))
            {
                entries = entries.SetItem(index, entries[index] with { Excused = true });
            }
        }

        return ReferenceEquals(entries, Entries) ? this : new WorkRecord { Entries = entries };
    }

    /// <summary>What the record says about the worker's failure of a task.</summary>
    public Testimony On(WorkerId worker, TaskId task)
    {
        var at = Entries.FindLastIndex(entry => entry.FailedTask == task);

        // Of another task that failed more than once only the first failure tells anything of the worker.
        var others = Entries
            .Select((entry, index) => (Entry: entry, Index: index))
            .Where(each => each.Entry.FailedTask != task)
            .DistinctBy(each => each.Entry.FailedTask is { } failed ? (object)failed : each.Index)
            .ToList();
        var before = others.Where(each => each.Index < at).Select(each => each.Entry);
        var after = others.Where(each => each.Index > at).Select(each => each.Entry).Reverse();
        var kind = at < 0 ? null : Entries[at];
        var brokenBefore = before.Aggregate(0.5, (broken, entry) => After(entry, broken, kind));
        var (sound, failing) = after.Aggregate((Sound: 1.0, Broken: 1.0), (told, entry) => Before(entry, told, kind));
        (sound, failing) = (Stays(sound, failing), Stays(failing, sound));
        var broken = Changed(brokenBefore) * failing / ((Changed(brokenBefore) * failing) + ((1 - Changed(brokenBefore)) * sound));
        return new Testimony
        {
            WorkerId = worker,
            Succeeded = Count(others.Select(each => each.Entry).Where(entry => entry.FailedTask is null)),
            FailedOthers = others.Count(each => each.Entry is { FailedTask: not null, Excused: false }),
            ChanceOfFailingGoodTask = (broken * (1 - Exception)) + ((1 - broken) * Exception),
            OutcomesSince = at < 0 ? 0 : Count(Entries.Skip(at + 1)),
            Remembers = at >= 0,
        };
    }

    private static int Count(IEnumerable<WorkOutcome> entries) => (int)Math.Min(int.MaxValue, entries.Sum(entry => (long)entry.Count));

    /// <summary>The chance of being broken after an entry, from the one before it.</summary>
    private static double After(WorkOutcome entry, double broken, WorkOutcome? kind)
    {
        var (ofSound, ofBroken) = Likelihood(entry, kind);
        for (var times = Math.Min(entry.Count, MostOfOneEntry); times > 0; times--)
        {
            var changed = Changed(broken);
            broken = changed * ofBroken / ((changed * ofBroken) + ((1 - changed) * ofSound));
        }

        return broken;
    }

    /// <summary>How likely an entry and those after it are of a sound and of a broken worker, up to a common factor.</summary>
    private static (double Sound, double Broken) Before(WorkOutcome entry, (double Sound, double Broken) after, WorkOutcome? kind)
    {
        var (ofSound, ofBroken) = Likelihood(entry, kind);
        for (var times = Math.Min(entry.Count, MostOfOneEntry); times > 0; times--)
        {
            var (sound, broken) = (ofSound * Stays(after.Sound, after.Broken), ofBroken * Stays(after.Broken, after.Sound));
            after = (sound / (sound + broken), broken / (sound + broken));
        }

        return after;
    }

    private static double Changed(double broken) => Stays(broken, 1 - broken);

    private static double Stays(double here, double there) => (here * (1 - Change)) + (there * Change);

    private static (double OfSound, double OfBroken) Likelihood(WorkOutcome entry, WorkOutcome? kind)
    {
        var weight = (kind is null || (entry.Queue == kind.Queue && entry.ContentType == kind.ContentType) ? 1 : OtherWorkWeight) * (
            entry.Excused ? ExcusedWeight : 1);
        var (expected, exception) = (Math.Pow(1 - Exception, weight), Math.Pow(Exception, weight));
        return entry.FailedTask is null ? (expected, exception) : (exception, expected);
    }
}
