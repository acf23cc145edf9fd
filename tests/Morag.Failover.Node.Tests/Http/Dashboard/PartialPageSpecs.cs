using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Node.Http;

namespace Morag.Failover.Node.Tests.Http.Dashboard;

/// <summary>Pages of the dashboard while owners are silent: they show what there is, and name what is missing.</summary>
public sealed class PartialPageSpecs
{
    private static readonly string[] Lists =
    [
        "/", "/tasks", "/workers", "/queues", "/failures", "/parked", "/audit", "/queues/cpu_batch", "/tasks?filter=state:queued",
        "/bulk?filter=state:queued&action=cancel",
    ];

    // Longer than the patience of the browser in these specs: a page that waits as the API does fails them.
    private static readonly HttpApiSettings Settings = new() { AnswerTimeout = TimeSpan.FromMinutes(5) };

    private static readonly FailoverSettings Two =
        FailoverSettings.Default with { Partitions = new() { Queues = 2, Coordinators = 2, DirectoryBuckets = 2 } };

    [Fact]
    public async Task Should_show_the_rest_of_a_page_while_one_owner_of_each_kind_is_silent()
    {
        await using var http = await HttpNode.Start(Settings, Two);
        http.Owners.Answer = message => IsOf(message, 1) ? null : GoodOwners.Answer(message);

        var pages = await Task.WhenAll(Lists.Select(path => http.GetPage(path)));

        foreach (var (path, page) in Lists.Zip(pages))
        {
            Assert.Equal((path, 200), (path, page.Status));
            Assert.Contains("This page is incomplete", page.Html, StringComparison.Ordinal);
            Assert.Matches("queue partition 1|coordinator 1|directory bucket 1", page.Html);
            Assert.Matches("queue partition 1|coordinator 1|directory bucket 1", page.Missing);
        }

        Assert.Contains("t-1", pages[1].Html, StringComparison.Ordinal);
        Assert.Contains("w-1", pages[2].Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_say_of_nothing_that_it_is_well_while_no_owner_answers()
    {
        await using var http = await HttpNode.Start(Settings);
        http.Owners.Answer = static _ => null;

        var pages = await Task.WhenAll(Lists.Select(path => http.GetPage(path)));

        Assert.All(pages, page => Assert.Equal(200, page.Status));
        Assert.All(pages, page => Assert.Contains("This page is incomplete", page.Html, StringComparison.Ordinal));
        Assert.DoesNotContain("Nothing. All", pages[0].Html, StringComparison.Ordinal);
        Assert.Contains("unknown", pages[0].Html, StringComparison.Ordinal);
        Assert.DoesNotContain("No task matches", pages[1].Html, StringComparison.Ordinal);
        Assert.DoesNotContain("No worker has registered", pages[2].Html, StringComparison.Ordinal);
        Assert.DoesNotContain("No failure.", pages[4].Html, StringComparison.Ordinal);
        Assert.DoesNotContain("No task waits for an operator", pages[5].Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_show_one_task_or_worker_without_what_other_owners_know_about_it()
    {
        await using var http = await HttpNode.Start(Settings);
        http.Owners.Answer = message =>
            message is GetTaskDecisions or ListFailures or GetWorkerReliability ? null : GoodOwners.Answer(message);

        var task = await http.GetPage("/tasks/t-1");
        var worker = await http.GetPage("/workers/w-1");

        Assert.Equal((200, 200), (task.Status, worker.Status));
        Assert.Contains("The decisions are not available now.", task.Html, StringComparison.Ordinal);
        Assert.Contains("the record of the worker", worker.Missing, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_say_that_a_page_can_be_loaded_again_while_the_only_owner_of_its_content_is_silent()
    {
        await using var http = await HttpNode.Start(Settings);
        http.Owners.Answer = static _ => null;

        var page = await http.GetPage("/tasks/t-1");

        Assert.Equal(503, page.Status);
        Assert.Contains("does not answer", page.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("may have been carried out", page.Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_refuse_a_file_of_a_table_that_would_be_incomplete()
    {
        await using var http = await HttpNode.Start(new() { AnswerTimeout = TimeSpan.FromMilliseconds(200) }, Two);
        http.Owners.Answer = message => IsOf(message, 1) ? null : GoodOwners.Answer(message);

        Assert.Equal(503, (await http.GetPage("/tasks?format=csv")).Status);
    }

    [Fact]
    public async Task Should_read_the_counts_once_for_all_open_pages()
    {
        await using var http = await HttpNode.Start();
        var asked = new TaskCompletionSource();
        var go = new TaskCompletionSource();
        http.Owners.Answer = message =>
        {
            if (message is GetQueueStats)
            {
                asked.TrySetResult();
                return go.Task.IsCompleted ? GoodOwners.Answer(message) : null;
            }

            return GoodOwners.Answer(message);
        };

        var first = http.GetPage("/");
        await asked.Task;
        var pages = await Task.WhenAll([first, .. Enumerable.Range(0, 4).Select(_ => http.GetPage("/"))]);

        Assert.All(pages, page => Assert.Equal(200, page.Status));
        Assert.All(http.Owners.Received<GetQueueStats>().CountBy(message => message.Partition), part => Assert.Equal(1, part.Value));
    }

    private static bool IsOf(IWireMessage message, int number) =>
        message is IPartitionMessage { Partition: var partition } ? partition == number
        : message is IBucketMessage { Bucket: var bucket } && bucket == number;
}
