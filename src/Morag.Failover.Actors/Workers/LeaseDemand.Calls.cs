using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Actors.Workers;

/// <content>The calls, and what partitions are asked for them.</content>
internal sealed partial class LeaseDemand
{
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

    /// <summary>A question to a partition for several calls. Leases go to the first call until it has enough, then to the next.</summary>
    internal sealed class Question(ImmutableArray<Caller> callers, int partition, bool onlyRepeat, DateTimeOffset lostAt)
    {
        public ImmutableArray<Caller> Callers { get; } = callers;

        /// <summary>What the calls wanted when they asked; a call that is made again may want something else.</summary>
        public ImmutableArray<QueueName> Wish { get; } = callers[0].Request.Queues;

        public int Partition { get; } = partition;

        public bool OnlyRepeat { get; } = onlyRepeat;

        public DateTimeOffset LostAt { get; } = lostAt;

        public bool WorkCameMeanwhile { get; set; }

        /// <summary>The interest that goes with it; null: none.</summary>
        public LeaseInterest? Interest { get; init; }

        /// <summary>Whether that is in all queues that the worker serves.</summary>
        public bool InterestInAll { get; init; }

        /// <summary>For which wishes the partition had nothing until now.</summary>
        public List<ImmutableArray<QueueName>> NothingBefore { get; init; } = [];
    }
}
