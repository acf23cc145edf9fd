using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Search;

namespace Morag.Failover.Actors.Queues;

/// <content>
/// Searches. A search may read every task, so it runs aside, on a state that no longer changes, and only a few run at once.
/// </content>
public sealed partial class QueueActor
{
    /// <summary>How long a search may wait and run. Nobody waits longer for its answer.</summary>
    private static readonly TimeSpan SearchWithin = TimeSpan.FromSeconds(10);

    private static readonly Refused SearchTookTooLong = Refused.Unavailable(
        $"the search took longer than {SearchWithin.TotalSeconds:0} s, with the searches before it. Retry later, or narrow the filter");

    private void Search(SearchTasks query, Func<TaskRecord, string?> unmetNeed)
    {
        var replyTo = Sender;
        if (TaskSearches.Read(query, out var search, out var order) is { } refused)
        {
            AfterWrites(() => replyTo.Tell(refused));
            return;
        }

        var (state, scope) = (State, new SearchScope(settings, query.At));
        AfterWrites(() => RunSearch(
            cancellation => TaskSearches.Find(state, query, search, order, scope, unmetNeed, cancellation), replyTo));
    }

    /// <summary>Runs a search aside when its turn comes, and sends the result.</summary>
    private void RunSearch(Func<CancellationToken, object> search, IActorRef replyTo)
    {
        var limit = new CancellationTokenSource(SearchWithin);
        var dispatcher = Context.Dispatcher;
        var self = Self;
        var accepted = SearchGate.Of(Context.System).TryRun(
            done => dispatcher.Schedule(() =>
            {
                try
                {
                    var found = ResultOf(() => search(limit.Token), FailedSearch);
                    replyTo.Tell(found, self);
                }
                finally
                {
                    limit.Dispose();
                    done();
                }
            }));
        if (!accepted)
        {
            limit.Dispose();
            replyTo.Tell(Refused.LimitReached($"{SearchGate.MostWaiting} searches of this node wait already. Retry later."));
        }
    }

    private static object FailedSearch(Exception cause) =>
        cause is OperationCanceledException ? SearchTookTooLong : new Status.Failure(cause);
}
