using System.Globalization;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Search;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Domain.Sizes;

namespace Morag.Failover.Node.Tests.Http;

/// <summary>Lists over many owners, page by page; sums over them.</summary>
public sealed class PagingSpecs : IAsyncLifetime
{
    private const int Count = 25;

    /// <summary>Each owner ends its pages of tasks and failures early, as one does whose entries are large.</summary>
    private const int MostOfOneOwner = 3;

    private HttpNode http = null!;

    public async Task InitializeAsync()
    {
        http = await HttpNode.Start(failover: new FailoverSettings
        {
            Partitions = new() { Queues = 3, Coordinators = 3, DirectoryBuckets = 3 },
        });
        http.Owners.Answer = Answer;
    }

    public async Task DisposeAsync() => await http.DisposeAsync();

    [Theory]
    [InlineData("/api/v1/tasks?state=queued&limit=4", "task_id")]
    [InlineData("/api/v1/tasks?filter=state:queued&limit=4", "task_id")]
    [InlineData("/api/v1/tasks?filter=id~n&limit=4&sort=-created", "task_id")]
    [InlineData("/api/v1/queues/cpu_standard?limit=4", "task_id")]
    [InlineData("/api/v1/workers?limit=4", "registration.worker_id")]
    [InlineData("/api/v1/failures?limit=4&type=task_timeout", "task_id")]
    [InlineData("/api/v1/failures", "task_id")]
    public async Task Should_give_every_entry_once_and_in_order_when_the_links_are_followed(string first, string idPath)
    {
        var ids = new List<string>();
        string? next = first;
        while (next is not null)
        {
            var answer = await http.Call("GET", next);
            Assert.Equal(200, answer.Status);
            Assert.InRange(answer.Body.GetArrayLength(), 1, first.Contains("limit", StringComparison.Ordinal) ? 4 : 100);
            ids.AddRange(answer.Body.EnumerateArray().Select(
                entry => idPath.Split('.').Aggregate(entry, (value, name) => value.GetProperty(name)).GetString()!));
            next = answer.Next;
            Assert.True(next is null || (answer.Headers["Link"].EndsWith("; rel=\"next\"", StringComparison.Ordinal) && ids.Count < Count));
        }

        var expected = Enumerable.Range(0, Count).Select(Name);
        Assert.Equal(first.Contains("failures", StringComparison.Ordinal) ? expected.Reverse() : expected, ids);
    }

    [Fact]
    public async Task Should_leave_nothing_out_when_one_owner_has_all_there_is()
    {
        static bool IsFirst(IWireMessage message) => message is IBucketMessage { Bucket: 0 };
        http.Owners.Answer = message => message is ListWorkers list
            ? Workers(IsFirst(message) ? Enumerable.Range(0, 1_000).Select(Name) : [], list)
            : GoodOwners.Answer(message);

        var page = await http.Call("GET", "/api/v1/workers?limit=300");

        Assert.Equal(
            Enumerable.Range(0, 300).Select(Name),
            page.Body.EnumerateArray().Select(entry => entry.GetProperty("registration").GetProperty("worker_id").GetString()));
        Assert.Contains("after=n299", page.Headers["Link"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_end_a_page_at_the_limit_of_bytes_and_link_to_the_next_when_entries_are_large()
    {
        var name = new string('\u0001', 60_000);
        http.Owners.Answer = message => message is ListWorkers list
            ? Large(Workers(Enumerable.Range(0, 300).Where(number => number % 3 == list.Bucket).Select(Name), list), name)
            : GoodOwners.Answer(message);
        var ids = new List<string>();
        string? next = "/api/v1/workers?limit=300";
        while (next is not null)
        {
            var page = await http.Call("GET", next);
            Assert.InRange(page.Body.GetRawText().Length, 1, MessageLimits.MaxBytes);
            ids.AddRange(page.Body.EnumerateArray().Select(
                entry => entry.GetProperty("registration").GetProperty("worker_id").GetString()!));
            next = page.Next;
        }

        Assert.Equal(Enumerable.Range(0, 300).Select(Name), ids);
    }

    private static WorkerPage Large(WorkerPage page, string name) => page with
    {
        Workers = [.. page.Workers.Select(worker => worker with { Registration = worker.Registration with { Name = name } })],
    };

    [Fact]
    public async Task Should_sum_over_all_owners_when_counts_are_asked_for()
    {
        var workers = (await http.Call("GET", "/api/v1/workers/stats")).Body;
        Assert.Equal(9, workers.GetProperty("total_workers").GetInt32());
        Assert.Equal(9, workers.GetProperty("by_capability").GetProperty("gpu").GetInt32());

        var failures = (await http.Call("GET", "/api/v1/failures/statistics")).Body;
        Assert.Equal(6, failures.GetProperty("total_failures").GetInt32());
        Assert.Equal(6, failures.GetProperty("failure_by_type").GetProperty("task_timeout").GetInt32());
        Assert.Equal(3, failures.GetProperty("active_circuit_breakers").GetInt32());

        var queues = (await http.Call("GET", "/api/v1/queues")).Body;
        Assert.Equal(
            ["gpu_priority", "gpu_fallback", "cpu_standard", "cpu_batch"],
            queues.EnumerateArray().Select(queue => queue.GetProperty("queue_type").GetString()));
        Assert.Equal(6, queues[2].GetProperty("completed_tasks").GetInt32());
        Assert.Equal(7, queues[2].GetProperty("worker_count").GetInt32());
        Assert.Equal((1 * 10 + 2 * 20 + 3 * 30) / 6.0, queues[2].GetProperty("average_processing_time").GetDouble(), 6);

        var affected = (await http.Call("POST", "/api/v1/tasks/cancel", """{"filter":{"state":"queued"},"reason":"x"}""")).Body;
        Assert.Equal(6, affected.GetProperty("count").GetInt32());
    }

    [Fact]
    public async Task Should_answer_404_when_there_is_no_such_queue() =>
        Assert.Equal(404, (await http.Call("GET", "/api/v1/queues/no_such")).Status);

    private static object? Answer(IWireMessage message) => message switch
    {
        SearchTasks search => Matches(Share(search.Partition), search),
        ListTasks list => Tasks(Share(list.Partition), list),
        ListWorkers list => Workers(Share(list.Bucket), list),
        ListFailures list => Failures(Share(list.Partition), list),
        GetQueueStats stats => new QueueStatsReply
        {
            Queues =
            [
                new()
                {
                    QueueType = new("cpu_standard"),
                    CompletedTasks = stats.Partition + 1,
                    AverageProcessingTime = 10 * (stats.Partition + 1),
                    WorkerCount = 7,
                },
            ],
        },
        _ => GoodOwners.Answer(message),
    };

    /// <summary>Tasks that were submitted in the order of their names, the first one last.</summary>
    private static TaskMatches Matches(IEnumerable<string> names, SearchTasks search)
    {
        Assert.Null(TaskSearches.Read(search, out var filter, out var order));
        var tasks = names.Select(name => new TaskRecord
        {
            Submission = new TaskSubmission { TaskId = new(name), Queue = new("cpu_standard") },
            Queue = new("cpu_standard"),
            SubmittedAt = GoodOwners.Time.AddDays(-int.Parse(name[1..], CultureInfo.InvariantCulture)),
        });
        var few = search with { Limit = Math.Min(search.Limit, MostOfOneOwner) };
        var scope = new SearchScope(FailoverSettings.Default, search.At);
        return TaskSearches.Find(QueueState.Empty with { Tasks = TaskTable.Of([.. tasks]) }, few, filter, order, scope, _ => null);
    }

    [Theory]
    [InlineData("filter=stat:queued", "filter", "at character 1: There is no field stat.")]
    [InlineData("sort=payload", "sort", "Sort by one of id")]
    [InlineData("sort=created&after=x", "after", "Link header")]
    public async Task Should_answer_400_with_position_and_rule_when_a_search_is_invalid(string query, string field, string rule)
    {
        var answer = await http.Call("GET", $"/api/v1/tasks?{query}");

        Assert.Equal((400, field), (answer.Status, answer.Body.GetProperty("field").GetString()));
        Assert.Contains(rule, answer.Body.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_count_and_complete_filters()
    {
        var count = await http.Call("GET", "/api/v1/search/count?filter=id~n01");
        var suggestions = await http.Call("GET", "/api/v1/search/complete?filter=queue:cpu_b%20x&cursor=11");
        var fields = await http.Call("GET", "/api/v1/search/fields");

        Assert.Equal(10, count.Body.GetProperty("count").GetInt32());
        Assert.Equal(
            ("cpu_batch", "value", 6),
            (suggestions.Body[0].GetProperty("text").GetString(),
                suggestions.Body[0].GetProperty("kind").GetString(),
                suggestions.Body[0].GetProperty("start").GetInt32()));
        Assert.Contains("state", fields.Body.EnumerateArray().Select(field => field.GetProperty("name").GetString()));
    }

    private static TaskPage Tasks(IEnumerable<string> names, ListTasks list)
    {
        var (page, hasMore) = names
            .Where(name => string.CompareOrdinal(name, list.After?.Value) > 0)
            .FirstPage(list.Limit, static _ => 1, MostOfOneOwner);
        return new TaskPage { Tasks = [.. page.Select(GoodOwners.Entry)], HasMore = hasMore };
    }

    private static WorkerPage Workers(IEnumerable<string> names, ListWorkers list)
    {
        var (page, hasMore) = names
            .Where(name => string.CompareOrdinal(name, list.After?.Value) > 0)
            .FirstPage(list.Limit, static _ => 1, list.Limit);
        return new WorkerPage { Workers = [.. page.Select(GoodOwners.Worker)], HasMore = hasMore };
    }

    private static FailurePage Failures(IEnumerable<string> names, ListFailures list)
    {
        var (page, hasMore) = names.Reverse()
            .Select(Failure)
            .Where(failure => IsAfter(failure, list.After))
            .FirstPage(list.Limit, static _ => 1, MostOfOneOwner);
        return new FailurePage { Decisions = page, HasMore = hasMore };
    }

    // Two failures share each time, so that the order has to fall back on their ids.
    private static FailoverDecision Failure(string name) =>
        GoodOwners.Decision(name, GoodOwners.Time.AddMinutes(int.Parse(name[1..], System.Globalization.CultureInfo.InvariantCulture) / 2));

    private static bool IsAfter(FailoverDecision failure, FailureCursor? cursor) => cursor is null
        || failure.FailureEvent.OccurredAt < cursor.OccurredAt
        || (failure.FailureEvent.OccurredAt == cursor.OccurredAt
            && string.CompareOrdinal(failure.DecisionMetadata.FailureId.Value, cursor.FailureId.Value) < 0);

    private static IEnumerable<string> Share(int owner) => Enumerable.Range(0, Count).Where(number => number % 3 == owner).Select(Name);

    private static string Name(int number) => $"n{number:000}";
}
