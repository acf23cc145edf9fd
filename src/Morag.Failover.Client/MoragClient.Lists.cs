using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Morag.Failover.Contracts.Audit;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Client;

/// <content>The lists. Each asks for one page after the other, while the caller reads.</content>
public sealed partial class MoragClient
{
    /// <inheritdoc />
    public IAsyncEnumerable<QueueEntry> ListTasksAsync(TaskFilter? filter = null, CancellationToken cancellation = default) =>
        ListAsync<TaskPage, QueueEntry>(
            last => new ListTasks
            {
                Partition = 0,
                Filter = filter ?? new TaskFilter(),
                After = last?.TaskId,
                Limit = CallLimits.MaxPage,
            },
            page => (page.Tasks, page.HasMore),
            cancellation);

    /// <inheritdoc />
    public IAsyncEnumerable<QueueEntry> SearchTasksAsync(string filter, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(filter);
        return ListAsync<TaskMatches, QueueEntry>(
            last => new SearchTasks
            {
                Partition = 0,
                Filter = filter,
                After = last is null ? null : SearchPlace.OfId(last.TaskId),
                Limit = CallLimits.MaxPage,
                At = clock.GetUtcNow(),
            },
            page => (page.Tasks, page.HasMore),
            cancellation);
    }

    /// <inheritdoc />
    public IAsyncEnumerable<FailoverDecision> ListFailuresAsync(FailureFilter? filter = null, CancellationToken cancellation = default) =>
        ListAsync<FailurePage, FailoverDecision>(
            last => new ListFailures
            {
                Partition = 0,
                Since = filter?.Since,
                Until = filter?.Until,
                Type = filter?.Type,
                Worker = filter?.Worker,
                Task = filter?.Task,
                After = last is null ? null : FailureCursor.Of(last),
                Limit = CallLimits.MaxPage,
            },
            page => (page.Decisions, page.HasMore),
            cancellation);

    /// <inheritdoc />
    public IAsyncEnumerable<ListedStaleReport> ListStaleReportsAsync(
        TaskId? task = null, WorkerId? worker = null, CancellationToken cancellation = default) =>
        ListAsync<StaleReportPage, ListedStaleReport>(
            last => new ListStaleReports
            {
                Partition = 0,
                Task = task,
                Worker = worker,
                After = last is null ? null : StaleReportCursor.Of(last),
                Limit = CallLimits.MaxPage,
            },
            page => (page.Reports, page.HasMore),
            cancellation);

    /// <inheritdoc />
    public IAsyncEnumerable<AuditEntry> ListAuditAsync(AuditFilter? filter = null, CancellationToken cancellation = default) =>
        ListAsync<AuditPage, AuditEntry>(
            last => new ListAudit
            {
                Partition = 0,
                By = filter?.By,
                Action = filter?.Action,
                Target = filter?.Target,
                Since = filter?.Since,
                Until = filter?.Until,
                After = last is null ? null : AuditCursor.Of(last),
                Limit = CallLimits.MaxPage,
            },
            page => (page.Entries, page.HasMore),
            cancellation);

    /// <inheritdoc />
    public IAsyncEnumerable<WorkerInfo> ListWorkersAsync(CancellationToken cancellation = default) => ListAsync<WorkerPage, WorkerInfo>(
        last => new ListWorkers { Bucket = 0, After = last?.Registration.WorkerId, Limit = CallLimits.MaxPage },
        page => (page.Workers, page.HasMore),
        cancellation);

    private async IAsyncEnumerable<T> ListAsync<TPage, T>(
        Func<T?, IWireMessage> pageAfter,
        Func<TPage, (ImmutableArray<T> Entries, bool HasMore)> read,
        [EnumeratorCancellation] CancellationToken cancellation)
        where TPage : class, IWireMessage
        where T : class
    {
        T? last = null;
        while (true)
        {
            var (entries, hasMore) = read(await AskAsync<TPage>(pageAfter(last), cancellation));
            foreach (var entry in entries)
            {
                yield return entry;
            }

            if (!hasMore || entries.IsEmpty)
            {
                yield break;
            }

            last = entries[^1];
        }
    }
}
