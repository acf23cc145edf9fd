using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Morag.Failover.Contracts.Alerts;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Node.Http.Dashboard;

namespace Morag.Failover.Node.Tests.Http;

/// <summary><c>GET /dashboard</c> and the start page when there is a lot, or something is missing.</summary>
public sealed class SummaryAnswerSpecs
{
    private const int PageOfOwner = 100;

    [Fact]
    public async Task Should_find_a_critical_alert_behind_hundreds_of_lost_workers()
    {
        await using var http = await HttpNode.Start();
        var alerts = Enumerable.Range(0, 250)
            .Select(lost => GoodOwners.AlertOf((1_000 - lost).ToString(CultureInfo.InvariantCulture), AlertState.Active))
            .Append(GoodOwners.AlertOf("7", AlertState.Active) with { Kind = AlertKind.StoreFull, Message = "Redis is almost full." })
            .ToList();
        http.Owners.Answer = message => message is ListAlerts list ? PageOf(list, alerts) : GoodOwners.Answer(message);

        var page = await http.GetPage("/");
        var summary = (await http.Call("GET", "/api/v1/dashboard")).Body;

        Assert.Contains("Redis is almost full.", page.Html, StringComparison.Ordinal);
        Assert.Equal(200, summary.GetProperty("open_alerts").GetArrayLength());
        Assert.True(summary.GetProperty("has_more_alerts").GetBoolean());
    }

    [Fact]
    public async Task Should_answer_without_the_recent_tasks_while_too_many_search()
    {
        await using var http = await HttpNode.Start();
        http.Owners.Answer = message => message is SearchTasks
            ? new Refused { Reason = RefusalReason.LimitReached, Message = "too many searches run already" }
            : GoodOwners.Answer(message);

        var answer = await http.Call("GET", "/api/v1/dashboard");

        Assert.Equal(200, answer.Status);
        Assert.Equal("null", answer.Body.GetProperty("recent_tasks").GetRawText());
        Assert.Contains("the recent tasks", answer.Body.GetProperty("incomplete").EnumerateArray().Select(part => part.GetString()));
        Assert.Equal(1, answer.Body.GetProperty("open_alerts").GetArrayLength());
        Assert.False(answer.Body.GetProperty("has_more_alerts").GetBoolean());
    }

    [Fact]
    public async Task Should_count_failures_from_the_start_of_the_node_when_the_history_cannot_be_read()
    {
        await using var http = await HttpNode.Start();
        http.Owners.Answer = message => message is ListFailures ? new FailurePage { Decisions = default } : GoodOwners.Answer(message);
        var recorder = http.App.Services.GetRequiredService<ActivityRecorder>();
        await recorder.StartAsync(CancellationToken.None);

        await Eventually.IsTrue(async () =>
        {
            var since = (await http.Call("GET", "/api/v1/dashboard")).Body.GetProperty("counted_since");
            return since.GetProperty("recoveries").TryGetDateTimeOffset(out var start)
                && since.GetProperty("failures").TryGetDateTimeOffset(out var failures) && failures == start;
        });
        await recorder.StopAsync(CancellationToken.None);
    }

    private static AlertPage PageOf(ListAlerts list, List<Alert> alerts)
    {
        var rest = alerts
            .Where(alert => alert.State == list.State)
            .SkipWhile(alert => list.After is { } after && NumberOf(alert.Id) >= NumberOf(after))
            .ToList();
        var most = Math.Min(list.Limit, PageOfOwner);
        return new AlertPage { Alerts = [.. rest.Take(most)], HasMore = rest.Count > most };
    }

    private static int NumberOf(string id) => int.Parse(id, CultureInfo.InvariantCulture);
}
