using Morag.Failover.Actors.Persistence;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Actors.Workers;

/// <summary>
/// The worker's calls for leases that wait, first come first served, and which partition is asked next for whom. One partition is
/// asked at a time, so that two do not both fill the same place; a partition that has nothing keeps the interest of all calls and says
/// when it has, unless it ends before that: so it is asked again every now and then.
/// </summary>
internal sealed class LeaseDemand(int partitions, TimeSpan unansweredAfter, int maxWaiting)
{
    /// <summary>How long a call that does not wait may take to ask round.</summary>
    private static readonly TimeSpan AskingRound = TimeSpan.FromSeconds(2);

    /// <summary>How soon a partition that is down is asked again at the earliest.</summary>
    private static readonly TimeSpan SoonestAgain = TimeSpan.FromSeconds(0.5);

    private readonly TimeSpan interestKept = unansweredAfter * 5;
    private readonly DateTimeOffset[] askedAt = new DateTimeOffset[partitions];
    private readonly PartitionDown?[] down = new PartitionDown?[partitions];
    private readonly List<Caller> callers = [];
    private int rotation;

    /// <summary>Whether any call waits.</summary>
    public bool AnyWaiting => callers.Count > 0;

    /// <summary>Whether no further call may wait.</summary>
    public bool IsFull => callers.Count >= maxWaiting;

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

        var again = askedAt.Min() + interestKept;
        foreach (var partition in down)
        {
            again = partition is { } gone && gone.AskAgainAt > now && gone.AskAgainAt < again ? gone.AskAgainAt : again;
        }

        return again < first ? again : first;
    }

    /// <summary>
    /// A call arrives. One with a request id is first given what the same call was given before, wherever that is: always when there
    /// are several partitions, else when <paramref name="repeatFirst"/> says that it could not be given anything new. One that waits
    /// already, and is made again, goes on in its place.
    /// </summary>
    /// <returns>Who waited until now for a call that was made again: nobody listens there any more. Null: none did.</returns>
    public IActorRef? Enter(RequestLeases request, IActorRef replyTo, bool repeatFirst, DateTimeOffset now)
    {
        var until = now + (request.Wait > TimeSpan.Zero ? request.Wait : AskingRound);
        if (request.RequestId is { } id && callers.Find(caller => caller.Request.RequestId == id) is { } before)
        {
            AddSteps(before, onlyRepeat: false);
            return before.MadeAgain(request, replyTo, until);
        }

        var caller = new Caller(request, replyTo, until);
        if (request.RequestId is not null && (partitions > 1 || repeatFirst))
        {
            AddSteps(caller, onlyRepeat: true);
        }

        AddSteps(caller, onlyRepeat: false);
        rotation = (rotation + 1) % partitions;
        callers.Add(caller);
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

        if (Asking?.Partition == partition)
        {
            Asking.WorkCameMeanwhile = true;
        }

        foreach (var caller in callers)
        {
            caller.AskLater(partition);
        }
    }

    /// <summary>
    /// The next question, if none is under way: for the longest waiting call that has a partition to ask which
    /// <paramref name="reachable"/> allows, and for the others that want the same. Without <paramref name="mayLease"/> only repeats are asked for.
    /// </summary>
    public Question? Next(bool mayLease, Func<int, bool> reachable, DateTimeOffset now)
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
                Asking = new Question(step.OnlyRepeat ? [caller] : [caller, .. WithTheSameWish(caller)], step.Partition, step.OnlyRepeat, now + unansweredAfter);
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

        if (Waiting.FirstOrDefault() is { } caller)
        {
            caller.AskLater(partition);
        }
    }

    /// <summary>A partition has not answered in time; it may still do so.</summary>
    public void IsSilent(int partition, DateTimeOffset now) =>
        down[partition] ??= new PartitionDown($"{PersistenceIds.Queue(partition)} has not answered in time", now, ForSure: false);

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
    public void NothingFor(Question question)
    {
        if (question.OnlyRepeat || question.WorkCameMeanwhile)
        {
            return;
        }

        foreach (var caller in callers.Where(caller => WantTheSame(caller, question.Callers[0])))
        {
            caller.Steps.Remove(new Step(question.Partition, OnlyRepeat: false));
        }
    }

    /// <summary>The calls of a question that still wait.</summary>
    public List<Caller> StillWaiting(Question question) => [.. question.Callers.Where(callers.Contains)];

    /// <summary>The calls have their leases. What the others know of the partitions may have changed with them.</summary>
    public void Served(IReadOnlyCollection<Caller> served)
    {
        callers.RemoveAll(served.Contains);
        foreach (var other in callers)
        {
            AddSteps(other, onlyRepeat: false);
        }
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

        AskAgainThoseThatMayHaveForgotten(now);
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
        : callers.Where(caller => caller != first && caller.Request.RequestId is null && WantTheSame(caller, first));

    private static bool WantTheSame(Caller one, Caller other) => one.Request.Queues.AsSpan().SequenceEqual(other.Request.Queues.AsSpan());

    /// <summary>A partition that ended since it was asked does not know any more who waits.</summary>
    private void AskAgainThoseThatMayHaveForgotten(DateTimeOffset now)
    {
        if (Waiting.FirstOrDefault() is not { } caller)
        {
            return;
        }

        for (var partition = 0; partition < partitions; partition++)
        {
            if (askedAt[partition] + interestKept <= now)
            {
                askedAt[partition] = now;
                caller.AskLater(partition);
            }
        }
    }

    private void AddSteps(Caller caller, bool onlyRepeat)
    {
        for (var i = 0; i < partitions; i++)
        {
            var partition = (rotation + i) % partitions;
            if (onlyRepeat)
            {
                caller.Steps.Add(new Step(partition, OnlyRepeat: true));
            }
            else
            {
                caller.AskLater(partition);
            }
        }
    }

    /// <summary>A call that waits.</summary>
    internal sealed class Caller(RequestLeases request, IActorRef replyTo, DateTimeOffset until)
    {
        public RequestLeases Request { get; private set; } = request;

        public IActorRef ReplyTo { get; private set; } = replyTo;

        public DateTimeOffset Until { get; private set; } = until;

        public List<Step> Steps { get; } = [];

        public IActorRef MadeAgain(RequestLeases again, IActorRef replyTo, DateTimeOffset until)
        {
            var before = ReplyTo;
            (Request, ReplyTo, Until) = (again, replyTo, until);
            return before;
        }

        public void AskLater(int partition)
        {
            var step = new Step(partition, OnlyRepeat: false);
            if (!Steps.Contains(step))
            {
                Steps.Add(step);
            }
        }
    }

    /// <summary>What is known of a partition that did not answer, or was said to be down for sure.</summary>
    private readonly record struct PartitionDown(string Why, DateTimeOffset AskAgainAt, bool ForSure = true);

    /// <summary>A partition that a call has still to ask.</summary>
    internal readonly record struct Step(int Partition, bool OnlyRepeat);

    /// <summary>A partition that is being asked, for the first of the calls and for what is left for the others.</summary>
    internal sealed class Question(ImmutableArray<Caller> callers, int partition, bool onlyRepeat, DateTimeOffset lostAt)
    {
        public ImmutableArray<Caller> Callers { get; } = callers;

        public int Partition { get; } = partition;

        public bool OnlyRepeat { get; } = onlyRepeat;

        public DateTimeOffset LostAt { get; } = lostAt;

        public bool WorkCameMeanwhile { get; set; }
    }
}
