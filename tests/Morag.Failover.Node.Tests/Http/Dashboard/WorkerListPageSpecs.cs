using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Node.Http;

namespace Morag.Failover.Node.Tests.Http.Dashboard;

/// <summary>The list of workers, which draws the rhythm of the heartbeats that only the workers' entities know.</summary>
public sealed class WorkerListPageSpecs
{
    [Fact]
    public async Task Should_draw_the_rhythm_of_the_workers_on_the_page_and_wake_no_lost_one()
    {
        await using var http = await HttpNode.Start();
        http.Owners.Answer = message => message is GetWorker get
            ? Worker(get.WorkerId.Value) with
            {
                Heartbeats = new() { MeanSeconds = 2, SuspectAfterSeconds = 6, OfflineAfterSeconds = 7, Intervals = [2, 2.5] },
            }
            : Listed(message);

        var page = await http.GetPage("/workers");

        Assert.Equal(["beats"], http.Owners.Received<GetWorker>().Select(get => get.WorkerId.Value));
        Assert.Equal(2, page.Html.Split("class=\"beat\"").Length - 1);
        Assert.Contains("Suspect after 6 s, lost after 7 s.", page.Html, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(SilenceLimit.Phi, 5, "suspect after <b>5 s</b>, phi 4<", "lost after <b>7 s</b>, phi 11<")]
    [InlineData(SilenceLimit.MissedHeartbeats, 5, "suspect after <b>5 s</b>, phi 4<", "lost after <b>7 s</b>, two missed heartbeats<")]
    [InlineData(SilenceLimit.WorkerTimeout, 7, "suspect after <b>7 s</b><", "lost after <b>7 s</b>, worker timeout<")]
    public async Task Should_name_phi_only_beside_a_threshold_that_it_sets(SilenceLimit limit, double suspect, string first, string second)
    {
        await using var http = await HttpNode.Start();
        http.Owners.Answer = message => message is GetWorker get
            ? Worker(get.WorkerId.Value) with
            {
                Heartbeats = new()
                {
                    SuspectPhi = 4,
                    OfflinePhi = 11,
                    SuspectAfterSeconds = suspect,
                    OfflineAfterSeconds = 7,
                    OfflineLimit = limit,
                },
            }
            : Listed(message);

        var html = (await http.GetPage("/workers/beats")).Html;

        Assert.Contains(first, html, StringComparison.Ordinal);
        Assert.Contains(second, html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_list_the_workers_without_their_rhythm_while_their_entities_are_silent()
    {
        await using var http = await HttpNode.Start(new HttpApiSettings { AnswerTimeout = TimeSpan.FromMinutes(5) });
        http.Owners.Answer = message => message is GetWorker ? null : Listed(message);

        var page = await http.GetPage("/workers");

        Assert.Equal(200, page.Status);
        Assert.Contains("/workers/beats", page.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("class=\"beat\"", page.Html, StringComparison.Ordinal);
    }

    private static object? Listed(IWireMessage message) => message is ListWorkers list
        ? new WorkerPage
        {
            Workers = list.Bucket > 0
                ? []
                : [Worker("beats"), Worker("lost") with { Liveness = Liveness.Offline }, GoodOwners.Worker("without-heartbeats")],
        }
        : GoodOwners.Answer(message);

    private static WorkerInfo Worker(string id)
    {
        var worker = GoodOwners.Worker(id);
        return worker with { Registration = worker.Registration with { HeartbeatIntervalSeconds = 2 } };
    }
}
