using System.Text.Json;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Contracts.Tests;

public sealed class ContractsJsonSpecs
{
    [Theory]
    [InlineData(FailureType.WorkerOffline, "\"worker_offline\"")]
    [InlineData(FailureType.WorkerOverloaded, "\"worker_overloaded\"")]
    [InlineData(FailureType.NetworkFailure, "\"network_failure\"")]
    [InlineData(FailureType.TaskTimeout, "\"task_timeout\"")]
    [InlineData(FailureType.ProcessingError, "\"processing_error\"")]
    [InlineData(FailureType.ResourceExhaustion, "\"resource_exhaustion\"")]
    [InlineData(FailureType.AuthenticationFailure, "\"authentication_failure\"")]
    public void Should_write_failure_types_in_snake_case(FailureType type, string json)
    {
        Assert.Equal(json, JsonSerializer.Serialize(type, ContractsJson.Options));
        Assert.Equal(type, JsonSerializer.Deserialize<FailureType>(json, ContractsJson.Options));
    }

    [Theory]
    [InlineData(FailoverStrategy.RetrySameWorker, "\"retry_same_worker\"")]
    [InlineData(FailoverStrategy.ReassignSameQueue, "\"reassign_same_queue\"")]
    [InlineData(FailoverStrategy.FallbackQueue, "\"fallback_queue\"")]
    [InlineData(FailoverStrategy.DegradeQuality, "\"degrade_quality\"")]
    [InlineData(FailoverStrategy.CircuitBreaker, "\"circuit_breaker\"")]
    [InlineData(FailoverStrategy.ManualIntervention, "\"manual_intervention\"")]
    public void Should_write_strategies_in_snake_case(FailoverStrategy strategy, string json) =>
        Assert.Equal(json, JsonSerializer.Serialize(strategy, ContractsJson.Options));

    [Fact]
    public void Should_write_priority_as_a_number() =>
        Assert.Equal("10", JsonSerializer.Serialize(TaskPriority.Urgent, ContractsJson.Options));

    [Fact]
    public void Should_reject_an_enum_when_it_is_a_number() =>
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<FailureType>("3", ContractsJson.Options));

    [Theory]
    [InlineData("\"2026-01-02T03:04:05\"")]
    [InlineData("\"2026-01-02T03:04:05Z\"")]
    [InlineData("\"2026-01-02T05:04:05+02:00\"")]
    public void Should_read_times_as_utc_when_they_have_a_zone_or_none(string json) => Assert.Equal(
        new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero), JsonSerializer.Deserialize<DateTimeOffset>(json, ContractsJson.Options));

    [Fact]
    public void Should_write_times_in_utc_and_absent_values_as_null()
    {
        var failure = new FailureEvent
        {
            EventId = new("e"),
            TaskId = new("t"),
            FailureType = FailureType.WorkerOffline,
            OccurredAt = new DateTimeOffset(2026, 1, 2, 5, 4, 5, TimeSpan.FromHours(2)),
        };

        var json = JsonSerializer.Serialize(failure, ContractsJson.Options);

        Assert.Contains("\"occurred_at\":\"2026-01-02T03:04:05Z\"", json, StringComparison.Ordinal);
        Assert.Contains("\"worker_id\":null", json, StringComparison.Ordinal);
        Assert.Contains("\"context\":{}", json, StringComparison.Ordinal);
    }

    [Fact]
    public void Should_keep_json_text_but_compact_it_when_it_is_read() => Assert.Equal(
        """{"a":[1,2.50,"ü"],"b":null}""",
        JsonSerializer.Deserialize<JsonText>("""{ "a" : [1, 2.50, "ü"], "b" : null }""", ContractsJson.Options).Raw);

    [Fact]
    public void Should_write_the_statistics_in_snake_case() =>
        Assert.Equal(
            """{"total_failures":0,"recent_failures_24h":0,"failure_by_type":{}"""
            + ""","active_circuit_breakers":0,"workers_with_reliability_data":0}""",
            JsonSerializer.Serialize(new FailureStatistics(), ContractsJson.Options));
}
