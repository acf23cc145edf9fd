using System.Text.Json;
using Morag.Failover.Cli.Agents;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Ids;

namespace Morag.Failover.Cli.Tests.Agents;

public sealed class OutcomeMappingSpecs
{
    private static readonly LeaseKey Lease = new(new TaskId("t-1"), new LeaseEpoch(7));

    [Fact]
    public void Should_succeed_with_the_output_as_it_is_when_the_exit_code_is_zero()
    {
        var outcome = OutcomeMapping.Judge(Lease, new ProcessEnding { ExitCode = 0, Output = "a \"b\"\nc\n", ErrorTail = "CUDA out of memory", ExhaustionPattern = "CUDA out of memory" });

        Assert.True(outcome.IsSuccess);
        Assert.Equal("a \"b\"\nc\n", JsonSerializer.Deserialize<string>(outcome.Result!.Value.Raw));
        Assert.Equal(Lease, outcome.Lease);
    }

    [Theory]
    [InlineData(1, FailureType.ProcessingError)]
    [InlineData(2, FailureType.ProcessingError)]
    [InlineData(74, FailureType.ProcessingError)]
    [InlineData(75, FailureType.WorkerOverloaded)]
    [InlineData(76, FailureType.ProcessingError)]
    [InlineData(126, FailureType.ProcessingError)]
    [InlineData(127, FailureType.ProcessingError)]
    [InlineData(134, FailureType.ProcessingError)]
    [InlineData(137, FailureType.ResourceExhaustion)]
    [InlineData(139, FailureType.ProcessingError)]
    [InlineData(255, FailureType.ProcessingError)]
    public void Should_judge_by_the_exit_code_when_nothing_else_was_said(int exitCode, FailureType type)
    {
        var outcome = OutcomeMapping.Judge(Lease, new ProcessEnding { ExitCode = exitCode, ErrorTail = "first\nlast\n" });

        Assert.Equal(type, outcome.FailureType);
        Assert.StartsWith($"exit code {exitCode}", outcome.ErrorMessage, StringComparison.Ordinal);
        Assert.EndsWith("first\nlast", outcome.ErrorMessage, StringComparison.Ordinal);
        Assert.Equal(exitCode, JsonDocument.Parse(outcome.Context!.Value.Raw).RootElement.GetProperty("exit_code").GetInt32());
    }

    [Fact]
    public void Should_be_exhaustion_when_a_pattern_was_seen_and_the_command_failed()
    {
        var outcome = OutcomeMapping.Judge(Lease, new ProcessEnding { ExitCode = 1, ExhaustionPattern = "CUDA out of memory" });

        Assert.Equal(FailureType.ResourceExhaustion, outcome.FailureType);
        Assert.Equal("exit code 1, with \"CUDA out of memory\" on its error stream", outcome.ErrorMessage);
    }

    [Fact]
    public void Should_be_overloaded_when_the_exit_code_says_so_although_a_pattern_was_seen() =>
        Assert.Equal(
            FailureType.WorkerOverloaded,
            OutcomeMapping.Judge(Lease, new ProcessEnding { ExitCode = 75, ExhaustionPattern = "CUDA out of memory" }).FailureType);

    [Theory]
    [InlineData(0)]
    [InlineData(75)]
    [InlineData(137)]
    public void Should_believe_the_failure_file_whatever_the_exit_code(int exitCode)
    {
        var outcome = OutcomeMapping.Judge(Lease, new ProcessEnding
        {
            ExitCode = exitCode,
            FailureFile = """{"failure_type":"network_failure","error_message":"the bucket does not answer","more":1}""",
        });

        Assert.Equal(FailureType.NetworkFailure, outcome.FailureType);
        Assert.Equal("the bucket does not answer", outcome.ErrorMessage);
    }

    [Theory]
    [InlineData("")]
    [InlineData("oops")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"failure_type":"bad_luck"}""")]
    [InlineData("""{"failure_type":3}""")]
    public void Should_be_a_processing_error_that_names_the_rule_when_the_failure_file_is_wrong(string text)
    {
        var outcome = OutcomeMapping.Judge(Lease, new ProcessEnding { ExitCode = 4, FailureFile = text, ErrorTail = "tail" });

        Assert.Equal(FailureType.ProcessingError, outcome.FailureType);
        Assert.Contains("failure file", outcome.ErrorMessage, StringComparison.Ordinal);
        Assert.Contains("resource_exhaustion", outcome.ErrorMessage, StringComparison.Ordinal);
        Assert.EndsWith("tail", outcome.ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public void Should_be_a_timeout_when_it_ran_over_its_lease_whatever_it_said()
    {
        var outcome = OutcomeMapping.Judge(Lease, new ProcessEnding
        {
            ExitCode = 137,
            TimedOut = true,
            FailureFile = """{"failure_type":"network_failure"}""",
            Duration = TimeSpan.FromSeconds(60.25),
        });

        Assert.Equal(FailureType.TaskTimeout, outcome.FailureType);
        Assert.Equal("killed after 60.3 s, when its lease was over", outcome.ErrorMessage);
    }

    [Fact]
    public void Should_be_the_workers_fault_when_the_command_could_not_be_started() =>
        Assert.Equal(FailureType.WorkerOverloaded, OutcomeMapping.Judge(Lease, new ProcessEnding { StartError = "no memory" }).FailureType);

    [Fact]
    public void Should_fail_and_name_the_cap_when_the_output_is_too_long()
    {
        var outcome = OutcomeMapping.Judge(Lease, new ProcessEnding { ExitCode = 137, OutputTooLong = true });

        Assert.Equal(FailureType.ProcessingError, outcome.FailureType);
        Assert.Contains("more than 262,144 bytes", outcome.ErrorMessage, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(OutcomeMapping.MaxResultBytes - 2, true)]
    [InlineData(OutcomeMapping.MaxResultBytes - 1, false)]
    public void Should_count_the_result_as_json(int length, bool succeeds) =>
        Assert.Equal(succeeds, OutcomeMapping.Judge(Lease, new ProcessEnding { ExitCode = 0, Output = new string('x', length) }).IsSuccess);

    [Fact]
    public void Should_keep_the_message_within_its_limit() =>
        Assert.True(OutcomeMapping.Judge(Lease, new ProcessEnding { ExitCode = 1, ErrorTail = new string('x', 20_000) }).ErrorMessage!.Length <= 8192);

    [Theory]
    [InlineData("CUDA out of memory", 1)]
    [InlineData("... cuda OUT of memory ...", 1)]
    [InlineData("... CUDA out of memory", 7)]
    public void Should_see_a_pattern_however_the_stream_is_cut(string text, int piece)
    {
        var tail = new ErrorTail([AgentSettings.DefaultExhaustionPattern]);
        tail.Add(new string('-', 10_000));
        foreach (var chunk in text.Chunk(piece))
        {
            tail.Add(chunk);
        }

        tail.Add(new string('-', 10_000));
        Assert.Equal(AgentSettings.DefaultExhaustionPattern, tail.Pattern);
        Assert.Equal(4_000, tail.ToString().Length);
    }
}
