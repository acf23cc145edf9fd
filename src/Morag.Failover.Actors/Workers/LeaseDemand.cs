using Morag.Failover.Actors.Persistence;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Actors.Workers;

/// <summary>
/// The worker's calls for leases that wait, first come first served, and which partition is asked next for whom. One partition is
/// asked at a time, so that two do not both fill the same place; a partition that has nothing keeps the interest of all calls, also for
/// those that follow, and says when it has: see <see cref="StandingInterest"/>.
/// </summary>
internal sealed partial class LeaseDemand(int partitions, TimeSpan unansweredAfter, WorkerSettings settings)
{
    /// <summary>How long a call that does not wait may take to ask round.</summary>
    private static readonly TimeSpan AskingRound = TimeSpan.FromSeconds(2);

    /// <summary>How soon a partition that is down is asked again at the earliest.</summary>
    private static readonly TimeSpan SoonestAgain = TimeSpan.FromSeconds(0.5);

    private readonly StandingInterest standing = new(partitions, settings.InterestKept, settings.InterestRenewed);
    private readonly DateTimeOffset[] askedAt = new DateTimeOffset[partitions];
    private readonly PartitionDown?[] down = new PartitionDown?[partitions];
    private readonly List<Caller> callers = [];
    private int rotation;

    /// <summary>Whether any call waits.</summary>
    public bool AnyWaiting => callers.Count > 0;

    /// <summary>Whether no further call may wait.</summary>
    public bool IsFull => callers.Count >= settings.MaxWaitingCalls;

    /// <summary>Which partitions keep the worker's interest.</summary>
    public (ImmutableArray<int> Partitions, long Incarnations) InterestKnown => standing.Known();

    /// <summary>The question under way.</summary>
    public Question? Asking { get; private set; }

    /// <summary>The calls that wait if they cannot be given anything at once.</summary>
    public IEnumerable<Caller> Waiting => callers.Where(caller => caller.Request.Wait > TimeSpan.Zero);

    /// <summary>When the first wait ends, the question under way counts as lost, or a partition is to be asked again.</summary>
    public DateTimeOffset? DueAt(DateTimeOffset now)
    {
        DateTimeOffset? due = Asking?.LostAt;
        foreach (var caller in callers)
        {
            due = due is { } earliest && earliest < caller.Until ? due : caller.Until;
        }

        if (due is not { } first || !Waiting.Any())
        {
            return due;
        }

        first = standing.RenewAt is { } renew && renew < first ? renew : first;
        foreach (var partition in down)
        {
            first = partition is { } gone && gone.AskAgainAt > now && gone.AskAgainAt < first ? gone.AskAgainAt : first;
        }

        return first;
    }

    /// <summary>
    /// A call arrives. One with a request id is first given what the same call was given before, wherever that is: always when there
    /// are several partitions, else when <paramref name="repeatFirst"/> says that it could not be given anything new. One that waits
    /// already, and is made again, goes on in its place.
    /// </summary>
    /// <param name="request">The call.</param>
    /// <param name="replyTo">Who waits for the answer.</param>
    /// <param name="repeatFirst">Whether the call cannot be given anything new.</param>
    /// <param name="holdsNothing">Whether it is certain that the worker holds no lease, so that there is nothing to repeat.</param>
    /// <param name="now">The time.</param>
    /// <returns>Who waited until now for a call that was made again: nobody listens there any more. Null: none did.</returns>
    public IActorRef? Enter(RequestLeases request, IActorRef replyTo, bool repeatFirst, bool holdsNothing, DateTimeOffset now)
    {
        var until = now + (request.Wait > TimeSpan.Zero ? request.Wait : AskingRound);
        if (request.RequestId is { } id && callers.Find(caller => caller.Request.RequestId == id) is { } before)
        {
            var unheard = before.MadeAgain(request, replyTo, until);
            AddSteps(before, now);
            return unheard;
        }

        var caller = new Caller(request, replyTo, until);
        if (request.RequestId is not null && !holdsNothing && (partitions > 1 || repeatFirst))
        {
            caller.Steps.AddRange(InTurn().Select(partition => new Step(partition, OnlyRepeat: true)));
        }

        callers.Add(caller);
        AddSteps(caller, now);
        rotation = (rotation + 1) % partitions;
        return null;
    }

    /// <summary>A partition has work: every waiting call may ask it. One that does not exist has none.</summary>
    public void WorkAt(int partition)
    {
        if (partition < 0 || partition >= partitions)
        {
            return;
        }

        down[partition] = null;
        AskAgain(partition);
    }

    /// <summary>Partitions that kept the worker's interest may have restarted and lost it.</summary>
    public void Restarted(ImmutableArray<QueueIncarnation> present) => standing.Restarted(present).ToList().ForEach(AskAgain);

    /// <summary>Leases ended: partitions that reckoned with them may have work that there was no room for.</summary>
    public void RoomGrew() => standing.ReckoningWithOthers().ToList().ForEach(AskAgain);

    /// <summary>The worker is fenced, or is another machine than it was: what partitions keep of its interest is void.</summary>
    public void BeginAnew()
    {
        standing.ForgetAll();
        for (var partition = 0; partition < partitions; partition++)
        {
            AskAgain(partition);
        }
    }

    /// <summary>A partition may be down, so that it may have lost the interest that it kept: it is asked again.</summary>
    public void Doubt(int partition, DateTimeOffset now)
    {
        if (standing.IsKeptBy(partition) && askedAt[partition] + unansweredAfter <= now)
        {
            AskAgain(partition);
        }
    }

    /// <summary>
    /// The next question, if none is under way: for the longest waiting call that has a partition to ask which
    /// <paramref name="reachable"/> allows, and for the others that want the same. Without <paramref name="mayLease"/> only repeats are asked for.
    /// <paramref name="roomIn"/> gives the room in queues, of which none stands for all, as a partition has to know it.
    /// </summary>
    public Question? Next(bool mayLease, Func<int, bool> reachable, Func<ImmutableArray<QueueName>, int, ImmutableArray<QueueRoom>> roomIn, DateTimeOffset now)
    {
        if (Asking is not null)
        {
            return null;
        }

        foreach (var caller in callers)
        {
            // One that is down comes last: asking it may take all the time that a call has.
            var index = caller.Steps.FindIndex(step => Open(step) && down[step.Partition] is null);
            index = index >= 0 ? index : caller.Steps.FindIndex(step => Open(step) && MayAsk(step.Partition, now));
            if (index >= 0)
            {
                var step = caller.Steps[index];
                caller.Steps.RemoveAt(index);
                askedAt[step.Partition] = now;
                Asking = step.OnlyRepeat
                    ? new Question([caller], step.Partition, onlyRepeat: true, now + unansweredAfter)
                    : new Question([caller, .. WithTheSameWish(caller)], step.Partition, onlyRepeat: false, now + unansweredAfter)
                    {
                        Interest = InterestFor(queues => roomIn(queues, step.Partition)),
                        InterestInAll = Waiting.Any(each => each.Request.Queues.IsEmpty),
                        NothingBefore = standing.Asked(step.Partition),
                    };
                return Asking;
            }
        }

        return null;

        bool Open(Step step) => (mayLease || step.OnlyRepeat) && reachable(step.Partition);
    }

    /// <summary>A partition is down: whoever asks it is told so, and it is asked again when it may be back.</summary>
    public void IsDown(int partition, string why, TimeSpan retryAfter, DateTimeOffset now)
    {
        var again = now + (retryAfter > SoonestAgain ? retryAfter : SoonestAgain);
        down[partition] = new PartitionDown(why, again);
        if (Asking is { } question && question.Partition == partition)
        {
            GiveUp(question);
        }

        AskAgain(partition);
    }

    /// <summary>A partition has not answered in time; it may still do so.</summary>
    public void IsSilent(int partition, DateTimeOffset now)
    {
        // Also for the calls that had not asked it, because it kept the interest.
        AskAgain(partition);
        down[partition] ??= new PartitionDown($"{PersistenceIds.Queue(partition)} has not answered in time", now, ForSure: false);
    }

    /// <summary>A partition answers.</summary>
    public void Answers(int partition)
    {
        if (partition >= 0 && partition < partitions)
        {
            down[partition] = null;
        }
    }

    /// <summary>
    /// What a call that ends without leases is told, where it is not certain that there is no work for it: which partitions are down, and
    /// why. Null where every partition has said that it has nothing.
    /// </summary>
    public Refused? Unanswered(DateTimeOffset now)
    {
        var first = Array.FindIndex(down, partition => partition is not null);
        if (first < 0)
        {
            return null;
        }

        var others = down.Count(partition => partition is not null) - 1;
        var more = others == 0 ? "" : $" ({others} more of {partitions} partitions are down, too)";
        var wait = down[first]!.Value.AskAgainAt - now;
        return Refused.Down(
            PersistenceIds.Queue(first),
            $"{down[first]!.Value.Why}{more}. There may be work that cannot be leased now",
            wait > TimeSpan.Zero ? wait : SoonestAgain);
    }

    /// <summary>The question that a partition's answer belongs to; null for an answer that comes too late.</summary>
    public Question? Answered(int partition)
    {
        Answers(partition);
        if (Asking is not { } question || question.Partition != partition)
        {
            return null;
        }

        Asking = null;
        return question;
    }

    /// <summary>
    /// A partition has nothing for a call, and so nothing for the others that want the same of it; unless it said since that there is
    /// work: that and its answer may have overtaken each other.
    /// </summary>
    /// <param name="question">What it was asked.</param>
    /// <param name="incarnation">The run of the partition that answered.</param>
    /// <param name="now">The time.</param>
    public void NothingFor(Question question, long incarnation, DateTimeOffset now)
    {
        if (question.OnlyRepeat || question.WorkCameMeanwhile)
        {
            return;
        }

        foreach (var caller in callers.Where(caller => Wants(caller, question.Wish)))
        {
            caller.Steps.Remove(new Step(question.Partition, OnlyRepeat: false));
        }

        if (question.Interest is { } interest)
        {
            standing.Keeps(question, interest, incarnation, now);
        }
    }

    /// <summary>The calls of a question that still wait.</summary>
    public List<Caller> StillWaiting(Question question) => [.. question.Callers.Where(callers.Contains)];

    /// <summary>The calls have their leases. What the others know of the partitions may have changed with them.</summary>
    public void Served(IReadOnlyCollection<Caller> served, DateTimeOffset now)
    {
        callers.RemoveAll(served.Contains);
        callers.ForEach(other => AddSteps(other, now));
    }

    /// <summary>Takes out the calls that <paramref name="which"/> says.</summary>
    public List<Caller> TakeOut(Func<Caller, bool> which)
    {
        var taken = callers.FindAll(caller => which(caller));
        callers.RemoveAll(taken.Contains);
        return taken;
    }

    /// <summary>
    /// Takes out the calls whose wait is over, and those that do not wait and can ask nobody: their answer is empty. A question without an
    /// answer is given up, and asked again later.
    /// </summary>
    public List<Caller> TakeOutFinished(bool mayLease, DateTimeOffset now)
    {
        if (Asking is { } question && question.LostAt <= now)
        {
            IsSilent(question.Partition, now);
            GiveUp(question);
        }

        Renew(now);
        return TakeOut(caller =>
            caller.Until <= now
            || (mayLease && AllDown(now))
            || (caller.Request.Wait <= TimeSpan.Zero && Asking?.Callers.Contains(caller) != true && !caller.Steps.Exists(step => (mayLease || step.OnlyRepeat) && MayAsk(step.Partition, now))));
    }

    private void GiveUp(Question question)
    {
        Asking = null;
        foreach (var caller in question.Callers)
        {
            caller.AskLater(question.Partition);
        }
    }

    /// <summary>Whether no partition can be asked yet: then nothing is gained by waiting.</summary>
    private bool AllDown(DateTimeOffset now) => Array.TrueForAll(down, partition => partition is { ForSure: true } gone && gone.AskAgainAt > now);

    private bool MayAsk(int partition, DateTimeOffset now) => down[partition] is not { } gone || gone.AskAgainAt <= now;

    /// <summary>The other calls that one question can ask for too: a request id is for the leases of one call.</summary>
    private IEnumerable<Caller> WithTheSameWish(Caller first) => first.Request.RequestId is not null
        ? []
        : callers.Where(caller => caller != first && caller.Request.RequestId is null && Wants(caller, first.Request.Queues));

    private static bool Wants(Caller caller, ImmutableArray<QueueName> wish) => caller.Request.Queues.AsSpan().SequenceEqual(wish.AsSpan());

    private LeaseInterest? InterestFor(Func<ImmutableArray<QueueName>, ImmutableArray<QueueRoom>> roomIn)
    {
        var waiting = Waiting.ToList();
        return waiting.Count == 0
            ? null
            : new LeaseInterest
            {
                For = standing.KeptFor,
                MaxTasks = waiting.Sum(caller => caller.Request.MaxTasks),
                Queues = roomIn(
                    waiting.Exists(caller => caller.Request.Queues.IsEmpty) ? [] : [.. waiting.SelectMany(caller => caller.Request.Queues).Distinct()]),
            };
    }

    private void Renew(DateTimeOffset now)
    {
        if (Waiting.Any())
        {
            standing.TakeDue(now).ForEach(partition => callers.ForEach(caller => caller.AskLater(partition)));
        }
    }

    private void AskAgain(int partition)
    {
        standing.Forget(partition);
        if (Asking?.Partition == partition)
        {
            Asking.WorkCameMeanwhile = true;
        }

        callers.ForEach(caller => caller.AskLater(partition));
    }

    /// <summary>A call that waits need not ask those that say when they have something; one that does not has to know now.</summary>
    private void AddSteps(Caller caller, DateTimeOffset now)
    {
        var wanted = Waiting.Sum(each => each.Request.MaxTasks);
        foreach (var partition in InTurn())
        {
            if (caller.Request.Wait <= TimeSpan.Zero || !standing.Covers(partition, caller.Request.Queues, wanted, now))
            {
                caller.AskLater(partition);
            }
        }
    }

    private IEnumerable<int> InTurn() => Enumerable.Range(0, partitions).Select(i => (rotation + i) % partitions);
}
