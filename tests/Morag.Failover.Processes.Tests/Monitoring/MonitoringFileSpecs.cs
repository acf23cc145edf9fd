namespace Morag.Failover.Processes.Tests.Monitoring;

/// <summary>The alert rules in <c>docker/monitoring</c>.</summary>
public sealed class MonitoringFileSpecs
{
    [Fact]
    public void Should_not_alert_about_the_age_of_tasks_in_a_paused_queue()
    {
        var rule = Assert.Single(MonitoringFiles.Queries, query => query.Where == "alert: MoragQueueWaitsTooLong");

        Assert.Equal(
            "max by (morag_queue_name) (morag_queue_oldest_age_seconds) > 900 "
            + "unless on (morag_queue_name) max by (morag_queue_name) (morag_queue_paused) == 1",
            string.Join(' ', rule.Query.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries)));
    }
}
