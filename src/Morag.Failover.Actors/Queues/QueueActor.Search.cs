using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Search;

namespace Morag.Failover.Actors.Queues;

/// <content>
/// Searches. A search may read every task, so it runs aside, on a state that no longer changes, and only a few run at once.
/// </content>
public sealed partial class QueueActor
{
    private void Search(SearchTasks query, Func<TaskRecord, string?> unmetNeed)
    {
        var replyTo = Sender;
        if (TaskSearches.Read(query, out var search, out var order) is { } refused)
        {
            AfterWrites(() => replyTo.Tell(refused));
            return;
        }

        var (state, scope) = (State, new SearchScope(settings, query.At));
        AfterWrites(() => RunSearch(() => TaskSearches.Find(state, query, search, order, scope, unmetNeed), replyTo));
    }

    /// <summary>Runs a search aside when its turn comes, and sends the result.</summary>
    private void RunSearch(Func<object> search, IActorRef replyTo)
    {
        var dispatcher = Context.Dispatcher;
        var self = Self;
        var accepted = SearchGate.Of(Context.System).TryRun(
            done => dispatcher.Schedule(() =>
            {
                try
                {
                    replyTo.Tell(ResultOf(search, cause => new Status.Failure(cause)), self);
                }
                finally
                {
                    done();
                }
            }));
        if (!accepted)
        {
            replyTo.Tell(Refused.LimitReached($"{SearchGate.MostWaiting} searches of this node wait already. Retry later."));
        }
    }
}
