using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Actors.Workers;

/// <content>The calls and the questions to partitions.</content>
internal sealed partial class LeaseDemand
{
    /// <summary>A pending call.</summary>
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

    /// <summary>A partition that did not reply, or that is certainly down.</summary>
    private readonly record struct PartitionDown(string Why, DateTimeOffset AskAgainAt, bool ForSure = true);

    /// <summary>A partition that a call must still ask.</summary>
    internal readonly record struct Step(int Partition, bool OnlyRepeat);

    /// <summary>A question to a partition for one or more calls. The first call is served first.</summary>
    internal sealed class Question(ImmutableArray<Caller> callers, int partition, bool onlyRepeat, DateTimeOffset lostAt)
    {
        public ImmutableArray<Caller> Callers { get; } = callers;

        /// <summary>The queues that the calls requested when the question was asked. A repeated call may request others.</summary>
        public ImmutableArray<QueueName> Wish { get; } = callers[0].Request.Queues;

        public int Partition { get; } = partition;

        public bool OnlyRepeat { get; } = onlyRepeat;

        public DateTimeOffset LostAt { get; } = lostAt;

        public bool WorkCameMeanwhile { get; set; }

        /// <summary>The interest to register; null for none.</summary>
        public LeaseInterest? Interest { get; init; }

        /// <summary>Whether the interest covers all queues that the worker serves.</summary>
        public bool InterestInAll { get; init; }

        /// <summary>The requests for which the partition had no work before.</summary>
        public List<ImmutableArray<QueueName>> NothingBefore { get; init; } = [];
    }
}
