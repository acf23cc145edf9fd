using System.Text;
using System.Text.Json;
using Morag.Failover.Cli.Agents;
using Morag.Failover.Cli.Agents.Processes;
using Morag.Failover.Client.Workers;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Cli.Tests.Agents;

public sealed class OutcomeMappingSpecs
{
    private static readonly LeaseKey Lease = new(new TaskId("t-1"), new LeaseEpoch(7));

    [Fact]
    public void Should_succeed_with_the_unchanged_output_when_the_exit_code_is_zero()
    {
        var outcome = Outcome(new ProcessEnding
        {
            Exit = Code(0),
            Output = "a \"b\"\nc\n"u8.ToArray(),
            ErrorTail = "CUDA out of memory",
            ExhaustionPattern = "CUDA out of memory",
        });

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
    public void Should_map_the_exit_code_when_there_is_no_failure_file(int exitCode, FailureType type)
    {
        var outcome = Outcome(new ProcessEnding { Exit = Code(exitCode), ErrorTail = "first\nlast\n" });

        Assert.Equal(type, outcome.FailureType);
        Assert.StartsWith($"exit code {exitCode}", outcome.ErrorMessage, StringComparison.Ordinal);
        Assert.EndsWith("first\nlast", outcome.ErrorMessage, StringComparison.Ordinal);
        Assert.Equal(exitCode, JsonDocument.Parse(outcome.Context!.Value.Raw).RootElement.GetProperty("exit_code").GetInt32());
    }

    [Fact]
    public void Should_be_resource_exhaustion_when_a_pattern_matched_and_the_command_failed()
    {
        var outcome = Outcome(new ProcessEnding { Exit = Code(1), ExhaustionPattern = "CUDA out of memory" });

        Assert.Equal(FailureType.ResourceExhaustion, outcome.FailureType);
        Assert.Equal("exit code 1, with \"CUDA out of memory\" on standard error", outcome.ErrorMessage);
    }

    [Fact]
    public void Should_be_worker_overloaded_when_the_exit_code_is_75_although_a_pattern_matched() =>
        Assert.Equal(
            FailureType.WorkerOverloaded,
            Outcome(new ProcessEnding { Exit = Code(75), ExhaustionPattern = "CUDA out of memory" }).FailureType);

    [Theory]
    [InlineData(0)]
    [InlineData(75)]
    [InlineData(137)]
    public void Should_use_the_failure_file_when_there_is_one(int exitCode)
    {
        var outcome = Outcome(new ProcessEnding
        {
            Exit = Code(exitCode),
            FailureFile = Content("""{"failure_type":"network_failure","error_message":"the bucket does not answer","more":1}"""),
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
    public void Should_be_a_processing_error_that_names_the_rule_when_the_failure_file_is_invalid(string text)
    {
        var outcome = Outcome(new ProcessEnding { Exit = Code(4), FailureFile = Content(text), ErrorTail = "tail" });

        Assert.Equal(FailureType.ProcessingError, outcome.FailureType);
        Assert.Contains("failure file", outcome.ErrorMessage, StringComparison.Ordinal);
        Assert.Contains("resource_exhaustion", outcome.ErrorMessage, StringComparison.Ordinal);
        Assert.EndsWith("tail", outcome.ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public void Should_be_a_timeout_when_the_lease_expired_despite_a_failure_file()
    {
        var outcome = Outcome(new ProcessEnding
        {
            Exit = Code(137),
            Cause = EndCause.TimedOut,
            FailureFile = Content("""{"failure_type":"network_failure"}"""),
            Duration = TimeSpan.FromSeconds(60.25),
        });

        Assert.Equal(FailureType.TaskTimeout, outcome.FailureType);
        Assert.Equal("killed after 60.3 s because its lease expired", outcome.ErrorMessage);
    }

    [Fact]
    public void Should_blame_the_worker_when_the_command_cannot_be_started() =>
        Assert.Equal(FailureType.WorkerOverloaded, Outcome(NotStarted("no memory", blamesTask: false)).FailureType);

    [Fact]
    public void Should_fail_and_name_the_limit_when_the_output_is_too_long()
    {
        var outcome = Outcome(new ProcessEnding { Exit = Code(137), Cause = EndCause.OutputTooLong });

        Assert.Equal(FailureType.ProcessingError, outcome.FailureType);
        Assert.Contains("more than 262,144 bytes", outcome.ErrorMessage, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(TaskLimits.DefaultMaxPayloadBytes - 2, true)]
    [InlineData(TaskLimits.DefaultMaxPayloadBytes - 1, false)]
    public void Should_measure_the_result_as_JSON_when_it_is_near_the_limit(int length, bool succeeds) =>
        Assert.Equal(
            succeeds, Outcome(new ProcessEnding { Exit = Code(0), Output = Encoding.UTF8.GetBytes(new string('x', length)) }).IsSuccess);

    [Fact]
    public void Should_keep_the_message_within_its_limit_when_standard_error_is_long() =>
        Assert.Equal(8192, Outcome(new ProcessEnding { Exit = Code(1), ErrorTail = new string('x', 20_000) }).ErrorMessage!.Length);

    [Theory]
    [InlineData("CUDA out of memory", 1)]
    [InlineData("... cuda OUT of memory ...", 1)]
    [InlineData("... CUDA out of memory", 7)]
    public void Should_find_a_pattern_when_it_arrives_in_pieces(string text, int piece)
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

    [Theory]
    [InlineData(11, FailureType.ProcessingError, "killed by SIGSEGV: last")]
    [InlineData(6, FailureType.ProcessingError, "killed by SIGABRT: last")]
    [InlineData(40, FailureType.ProcessingError, "killed by signal 40: last")]
    [InlineData(9, FailureType.ResourceExhaustion, "killed by SIGKILL, probably by the out-of-memory killer: last")]
    [InlineData(15, FailureType.WorkerOverloaded, "killed by SIGTERM, which this agent did not send: last")]
    [InlineData(1, FailureType.WorkerOverloaded, "killed by SIGHUP, which this agent did not send: last")]
    public void Should_name_the_signal_when_one_ended_the_command(int signal, FailureType type, string message)
    {
        var outcome = Outcome(new ProcessEnding { Exit = ProcessExit.BySignal(signal), ErrorTail = "last\n" });

        Assert.Equal(type, outcome.FailureType);
        Assert.Equal(message, outcome.ErrorMessage);
        Assert.Equal(JsonValueKind.Null, JsonDocument.Parse(outcome.Context!.Value.Raw).RootElement.GetProperty("exit_code").ValueKind);
    }

    [Theory]
    [InlineData(139, "exit code 139 (SIGSEGV)")]
    [InlineData(143, "exit code 143 (SIGTERM)")]
    [InlineData(200, "exit code 200")]
    public void Should_name_the_signal_when_an_exit_code_stands_for_one(int exitCode, string message) =>
        Assert.Equal(message, Outcome(new ProcessEnding { Exit = Code(exitCode) }).ErrorMessage);

    [Theory]
    [InlineData(new byte[] { 0x63, 0x61, 0x66, 0xe9, 0x0a }, "(byte 0xe9 at offset 3)")]
    [InlineData(new byte[] { 0xff, 0xfe, 0x68, 0x00 }, "(byte 0xff at offset 0)")]
    [InlineData(new byte[] { 0x61, 0xed, 0xa0, 0x80 }, "(byte 0xed at offset 1)")]
    [InlineData(new byte[] { 0x61, 0xe2, 0x82 }, "(byte 0xe2 at offset 1)")]
    public void Should_fail_and_name_the_byte_when_the_output_is_not_UTF8(byte[] output, string where)
    {
        var outcome = Outcome(new ProcessEnding { Exit = Code(0), Output = output });

        Assert.Equal(FailureType.ProcessingError, outcome.FailureType);
        Assert.StartsWith($"the output is not UTF-8 {where}", outcome.ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public void Should_keep_every_byte_when_the_output_is_UTF8()
    {
        var output = Encoding.UTF8.GetBytes("\uFEFF\0 \u2028 \uFFFF \U0001F600 </script>");
        var outcome = Outcome(new ProcessEnding { Exit = Code(0), Output = output });

        Assert.Equal(output, Encoding.UTF8.GetBytes(JsonSerializer.Deserialize<string>(outcome.Result!.Value.Raw)!));
    }

    [Theory]
    [InlineData(nameof(OutputState.Open), FailureType.ProcessingError)]
    [InlineData(nameof(OutputState.Broken), FailureType.WorkerOverloaded)]
    [InlineData(nameof(OutputState.TooLong), FailureType.ProcessingError)]
    public void Should_not_succeed_when_the_output_is_incomplete(string state, FailureType type) =>
        Assert.Equal(
            type,
            Outcome(new ProcessEnding { Exit = Code(0), OutputState = Enum.Parse<OutputState>(state) }).FailureType);

    [Fact]
    public void Should_blame_the_task_when_it_cannot_be_passed_to_any_command() =>
        Assert.Equal(FailureType.ProcessingError, Outcome(NotStarted("a NUL", blamesTask: true)).FailureType);

    [Fact]
    public void Should_blame_the_worker_when_the_exit_status_is_lost() =>
        Assert.Equal(
            FailureType.WorkerOverloaded, Outcome(new ProcessEnding { Exit = ProcessExit.Lost }).FailureType);

    [Fact]
    public void Should_blame_the_worker_when_the_failure_file_is_empty_because_the_disk_is_full() =>
        Assert.Equal(
            FailureType.WorkerOverloaded,
            Outcome(new ProcessEnding { Exit = Code(1), FailureFile = Content(""), WorkFolderFull = true }).FailureType);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Should_cut_between_characters_when_a_message_is_too_long(int before)
    {
        var told = JsonSerializer.Serialize(new
        {
            failure_type = "network_failure",
            error_message = new string('x', before) + string.Concat(Enumerable.Repeat("\U0001F600", 8_192)),
        });
        var message = Outcome(new ProcessEnding { Exit = Code(1), FailureFile = Content(told) }).ErrorMessage!;

        Assert.InRange(Encoding.UTF8.GetByteCount(message), 8_189, 8_192);
        Assert.Equal(message, Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(message)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Should_cut_between_characters_when_standard_error_is_too_long(int after)
    {
        var tail = new ErrorTail([]);
        tail.Add(string.Concat(Enumerable.Repeat("\U0001F600", 4_000)) + new string('x', after));

        Assert.Equal(tail.ToString(), Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(tail.ToString())));
    }

    public static TheoryData<int?, int?, bool, bool> Stops => new()
    {
        // exit code, signal, looks like a stop, may be one
        { null, 15, true, true },
        { null, 2, true, true },
        { 143, null, true, true },
        { 130, null, true, true },
        { null, 9, false, true },
        { null, 11, false, true },
        { 1, null, false, true },
        { 0, null, false, false },
        { 75, null, false, false },
    };

    [Theory]
    [MemberData(nameof(Stops))]
    public void Should_recognize_an_ending_when_a_stop_signal_explains_it(int? code, int? signal, bool looks, bool may)
    {
        var ending = new ProcessEnding { Exit = new ProcessExit(code, signal) };

        Assert.Equal(looks, OutcomeMapping.LooksStopped(ending));
        Assert.Equal(may, OutcomeMapping.MayBeStopped(ending));
        Assert.False(OutcomeMapping.MayBeStopped(ending with { FailureFile = Content("") }));
        Assert.False(OutcomeMapping.MayBeStopped(ending with { Cause = EndCause.TimedOut }));
        Assert.False(OutcomeMapping.MayBeStopped(ending with { ExhaustionPattern = "CUDA out of memory" }));
    }

    private static TaskOutcome Outcome(ProcessEnding ending) => OutcomeMapping.ToOutcome(Lease, ending);

    private static ProcessExit Code(int code) => ProcessExit.WithCode(code);

    private static FailureFileContent Content(string text) => new(text, null);

    private static ProcessEnding NotStarted(string message, bool blamesTask) =>
        new() { NotStarted = new StartFailure(message, blamesTask) };
}
