using Morag.Failover.Actors.Persistence;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Actors.Workers;

/// <summary>
/// The worker's waiting lease calls, first come, first served, and the next partition to ask for them. Partitions are asked one at a time,
/// so that two do not fill the same slot. A partition without work registers the interest of all calls and notifies the worker when work
/// arrives: see <see cref="StandingInterest"/>.
/// </summary>
internal sealed partial class LeaseDemand(int partitions, TimeSpan unansweredAfter, WorkerSettings settings, Random chance)
{
    /// <summary>How long a call without wait may take to ask all partitions.</summary>
    private static readonly TimeSpan AskingRound = TimeSpan.FromSeconds(2);

    /// <summary>The shortest time before a partition that is down is asked again.</summary>
    private static readonly TimeSpan SoonestAgain = TimeSpan.FromSeconds(0.5);

    private readonly StandingInterest standing = new(partitions, settings.InterestKept, settings.InterestRenewed, chance);
    private readonly DateTimeOffset[] askedAt = new DateTimeOffset[partitions];
    private readonly PartitionDown?[] down = new PartitionDown?[partitions];
    private readonly List<Caller> callers = [];
    private int rotation;

    /// <summary>Whether any call is pending.</summary>
    public bool AnyWaiting => callers.Count > 0;

    /// <summary>Whether the limit of waiting calls allows a call. A repeated call takes the place of the one that waits.</summary>
    public bool HasPlaceFor(RequestLeases request) => callers.Count < settings.MaxWaitingCalls || FindRepeated(request) is not null;

    /// <summary>The partitions that have registered the worker's interest.</summary>
    public (ImmutableArray<int> Partitions, long Incarnations) InterestKnown => standing.Known();

    /// <summary>The question that has not been answered yet.</summary>
    public Question? Asking { get; private set; }

    /// <summary>The calls with a wait.</summary>
    public IEnumerable<Caller> Waiting => callers.Where(caller => caller.Request.Wait > TimeSpan.Zero);

    /// <summary>When the first wait ends, the open question times out, or a partition must be asked again.</summary>
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
    /// Adds a call. A call with a request id first gets the leases that the same call was granted before: always with several partitions,
    /// otherwise if <paramref name="repeatFirst"/>. A repeated call that is still waiting keeps its place.
    /// </summary>
    /// <param name="request">The call.</param>
    /// <param name="replyTo">The receiver of the reply.</param>
    /// <param name="repeatFirst">Whether the call cannot get new leases.</param>
    /// <param name="holdsNothing">Whether the worker certainly holds no lease, so that there is nothing to repeat.</param>
    /// <param name="now">The time.</param>
    /// <returns>The previous receiver of a repeated call, which no longer listens; null for a new call.</returns>
    public IActorRef? Add(RequestLeases request, IActorRef replyTo, bool repeatFirst, bool holdsNothing, DateTimeOffset now)
    {
        var until = now + (request.Wait > TimeSpan.Zero ? request.Wait : AskingRound);
        if (FindRepeated(request) is { } before)
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

    /// <summary>Records that a partition has work, so that every call asks it. Unknown partitions are ignored.</summary>
    public void OnWorkAvailable(int partition)
    {
        if (partition < 0 || partition >= partitions)
        {
            return;
        }

        down[partition] = null;
        AskAgain(partition);
    }

    /// <summary>Records that partitions may have restarted and lost the worker's interest.</summary>
    public void OnPartitionsRestarted(ImmutableArray<QueueIncarnation> present) => standing.Restarted(present).ToList().ForEach(AskAgain);

    /// <summary>Records that leases ended. Partitions that counted them against a queue limit may have work now.</summary>
    public void OnLeasesEnded() => standing.LimitedByOtherPartitions().ToList().ForEach(AskAgain);

    /// <summary>Asks all partitions again, because the worker was fenced or registered again and its registered interest is void.</summary>
    public void Reset()
    {
        standing.ForgetAll();
        for (var partition = 0; partition < partitions; partition++)
        {
            AskAgain(partition);
        }
    }

    /// <summary>Asks a partition again that may be down and may have lost the interest.</summary>
    public void RecheckIfStale(int partition, DateTimeOffset now)
    {
        if (standing.IsKeptBy(partition) && askedAt[partition] + unansweredAfter <= now)
        {
            AskAgain(partition);
        }
    }

    /// <summary>
    /// The next question, if none is under way: for the longest waiting call that has a partition to ask which <paramref name="reachable"/>
    /// allows, and for the others that want the same. Without <paramref name="mayLease"/> only repeats are asked for.
    /// <paramref name="roomIn"/> gives the room in queues, of which none stands for all, as a partition has to know it.
    /// </summary>
    public Question? Next(
        bool mayLease,
        Func<int, bool> reachable,
        Func<ImmutableArray<QueueName>, int, ImmutableArray<QueueRoom>> roomIn,
        DateTimeOffset now)
    {
        if (Asking is not null)
        {
            return null;
        }

        foreach (var caller in callers)
        {
            // Partitions that are down come last, because asking one may take all the time of a call.
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
                        NothingBefore = standing.Release(step.Partition),
                    };
                return Asking;
            }
        }

        return null;

        bool Open(Step step) => (mayLease || step.OnlyRepeat) && reachable(step.Partition);
    }

    /// <summary>Records that a partition is down. It is asked again when it may be back.</summary>
    public void MarkDown(int partition, string why, TimeSpan retryAfter, DateTimeOffset now)
    {
        var again = now + (retryAfter > SoonestAgain ? retryAfter : SoonestAgain);
        down[partition] = new PartitionDown(why, again);
        if (Asking is { } question && question.Partition == partition)
        {
            GiveUp(question);
        }

        AskAgain(partition);
    }

    /// <summary>Records that a partition has not replied in time. It may still reply.</summary>
    public void MarkSilent(int partition, DateTimeOffset now)
    {
        // Includes calls that had not asked the partition because it had registered the interest.
        AskAgain(partition);
        down[partition] ??= new PartitionDown($"{PersistenceIds.Queue(partition)} has not answered in time", now, ForSure: false);
    }

    /// <summary>Records that a partition replied.</summary>
    public void MarkUp(int partition)
    {
        if (partition >= 0 && partition < partitions)
        {
            down[partition] = null;
        }
    }

    /// <summary>
    /// The refusal for a call without leases when there may be work: tells which partitions are down, and why. Null if every partition
    /// replied that it has no work.
    /// </summary>
    public Refused? UnreachablePartitions(DateTimeOffset now)
    {
        var first = Array.FindIndex(down, partition => partition is not null);
        if (first < 0)
        {
            return null;
        }

        var others = down.Count(partition => partition is not null) - 1;
        var more = others == 0 ? "" : $" ({others} more of {partitions} partitions are down too)";
        var wait = down[first]!.Value.AskAgainAt - now;
        return Refused.Down(
            PersistenceIds.Queue(first),
            $"{down[first]!.Value.Why}{more}. There may be work that cannot be leased now",
            wait > TimeSpan.Zero ? wait : SoonestAgain);
    }

    /// <summary>Closes and returns the question that a partition's reply belongs to; null for a late reply.</summary>
    public Question? OnAnswer(int partition)
    {
        MarkUp(partition);
        if (Asking is not { } question || question.Partition != partition)
        {
            return null;
        }

        Asking = null;
        return question;
    }

    /// <summary>
    /// Records that a partition has no work for a question, and so for all calls with the same request. Ignored if the partition has
    /// reported work since: the two messages may have overtaken each other.
    /// </summary>
    /// <param name="question">The question.</param>
    /// <param name="incarnation">The incarnation of the partition that replied.</param>
    /// <param name="now">The time.</param>
    public void OnNothingFound(Question question, long incarnation, DateTimeOffset now)
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
            standing.Record(question, interest, incarnation, now);
        }
    }

    /// <summary>The calls of a question that are still pending.</summary>
    public List<Caller> StillWaiting(Question question) => [.. question.Callers.Where(callers.Contains)];

    /// <summary>Removes calls that got leases. The others may have to ask partitions again.</summary>
    public void RemoveServed(IReadOnlyCollection<Caller> served, DateTimeOffset now)
    {
        callers.RemoveAll(served.Contains);
        callers.ForEach(other => AddSteps(other, now));
    }

    /// <summary>Removes and returns the calls that match.</summary>
    public List<Caller> Remove(Func<Caller, bool> which)
    {
        var taken = callers.FindAll(caller => which(caller));
        callers.RemoveAll(taken.Contains);
        return taken;
    }

    /// <summary>
    /// Removes and returns the calls whose wait is over, and those without a wait that have no partition left to ask. A question that timed
    /// out is abandoned and asked again later.
    /// </summary>
    public List<Caller> RemoveFinished(bool mayLease, DateTimeOffset now)
    {
        if (Asking is { } question && question.LostAt <= now)
        {
            MarkSilent(question.Partition, now);
            GiveUp(question);
        }

        var finished = Remove(caller =>
            caller.Until <= now
            || (mayLease && AllDown(now))
            || (caller.Request.Wait <= TimeSpan.Zero
                && Asking?.Callers.Contains(caller) != true
                && !caller.Steps.Exists(step => (mayLease || step.OnlyRepeat) && MayAsk(step.Partition, now))));

        // Not before: a call that ends now would not renew anything any more.
        Renew(now);
        return finished;
    }

    private Caller? FindRepeated(RequestLeases request) =>
        request.RequestId is { } id ? callers.Find(caller => caller.Request.RequestId == id) : null;

    private void GiveUp(Question question)
    {
        Asking = null;
        foreach (var caller in question.Callers)
        {
            caller.AskLater(question.Partition);
        }
    }

    /// <summary>Whether every partition is down, so that waiting is pointless.</summary>
    private bool AllDown(DateTimeOffset now) =>
        Array.TrueForAll(down, partition => partition is { ForSure: true } gone && gone.AskAgainAt > now);

    private bool MayAsk(int partition, DateTimeOffset now) => down[partition] is not { } gone || gone.AskAgainAt <= now;

    /// <summary>The other calls that the same question can serve. A call with a request id is never combined with others.</summary>
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
                    waiting.Exists(caller => caller.Request.Queues.IsEmpty)
                        ? []
                        : [.. waiting.SelectMany(caller => caller.Request.Queues).Distinct()]),
            };
    }

    private void Renew(DateTimeOffset now)
    {
        if (Waiting.Any())
        {
            standing.RenewDue(now).ForEach(partition => callers.ForEach(caller => caller.AskLater(partition)));
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

    /// <summary>Adds the partitions that a call must ask. A waiting call skips those that will notify the worker.</summary>
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
