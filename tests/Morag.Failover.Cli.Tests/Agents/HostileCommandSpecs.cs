namespace Morag.Failover.Cli.Tests.Agents;

/// <summary>Misbehaving commands. After each, the task has an outcome, and the only slot is free again.</summary>
public sealed class HostileCommandSpecs : IAsyncLifetime
{
    private readonly FakeWorkNode node = new();
    private readonly string folder = Directory.CreateTempSubdirectory("morag-hostile-").FullName;

    public Task InitializeAsync() => node.StartAsync();

    public async Task DisposeAsync()
    {
        await node.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData("mkdir \"$MORAG_FAILURE_FILE\"; touch \"$MORAG_FAILURE_FILE/x\"; exit 1", "the failure file is a folder")]
    [InlineData("mkfifo \"$MORAG_FAILURE_FILE\"; exit 1", "the failure file is invalid")]
    [InlineData(
        "mkfifo \"$MORAG_FAILURE_FILE\"; exec 3<>\"$MORAG_FAILURE_FILE\"; sleep 1000 >/dev/null 2>&1 & exit 1",
        "exit code 1, and the failure file ")]
    [InlineData("ln -sf /dev/zero \"$MORAG_FAILURE_FILE\"; exit 1", "the failure file is a link")]
    [InlineData("ln -s /nowhere/at/all \"$MORAG_FAILURE_FILE\"; exit 1", "the failure file is a link")]
    [InlineData("head -c 1000000 /dev/zero > \"$MORAG_FAILURE_FILE\"; exit 1", "the failure file is longer than 65,536 bytes")]
    [InlineData("printf '\\300\\200' > \"$MORAG_FAILURE_FILE\"; exit 1", "the failure file is invalid")]
    [InlineData("rm -r \"${MORAG_FAILURE_FILE%/*}\"; exit 1", "exit code 1")]
    [InlineData("printf 'caf\\351\\n'", "the output is not UTF-8 (byte 0xe9 at offset 3)")]
    [InlineData("head -c 20000 /dev/urandom | gzip -c", "the output is not UTF-8")]
    [InlineData("printf 'h\\303\\251\\303\\251' | iconv -t UTF-16", "the output is not UTF-8 (byte 0xff at offset 0)")]
    [InlineData("(sleep 1000; echo late) & echo early", "a background process still holds the command's standard output open")]
    [InlineData("setsid sh -c 'sleep 15; echo late' & echo early", "a background process still holds the command's standard output open")]
    [InlineData("kill -SEGV $$", "killed by SIGSEGV")]
    [InlineData("kill -TERM $$", "killed by SIGTERM, which this agent did not send")]
    [InlineData("sh -c 'kill -SEGV $$'; exit $?", "exit code 139 (SIGSEGV)")]
    [InlineData("exit 143", "exit code 143 (SIGTERM)")]
    [InlineData("yes | head -c 300000", "more than 262,144 bytes")]
    public async Task Should_report_the_problem_and_free_the_slot_when_a_command_misbehaves(string script, string message)
    {
        await using var agent = new RunningAgent(node, OnlyForFirst(script), slots: 1);
        node.Offer("t-1", "first");
        await Wait.UntilAsync(() => !node.Outcomes.IsEmpty, "the outcome");
        node.Offer("t-2", "second");

        await Wait.UntilAsync(() => node.Outcomes.Count == 2, "the outcome of the next task");
        Assert.Contains(message, (string)node.Outcomes.First()["error_message"]!, StringComparison.Ordinal);
        Assert.Equal("second", (string)node.Outcomes.Last()["result"]!);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(agent.Folder, "failures")));
    }

    [Theory]
    [InlineData("(sleep 0.5; printf ' and late') & printf early", "early and late")]
    [InlineData("exec 1>&-; sleep 0.2", "")]
    [InlineData("exec 2>&-; printf 'no errors'", "no errors")]
    [InlineData("exec 0<&-; printf 'no input'", "no input")]
    [InlineData("sleep 1000 >/dev/null 2>/dev/null & printf 'with a child'", "with a child")]
    [InlineData("sleep 1000 >/dev/null & printf 'with a child on the error stream'", "with a child on the error stream")]
    [InlineData("trap '' TERM; printf 'ignores TERM'", "ignores TERM")]
    public async Task Should_return_the_whole_output_when_streams_end_unusually(string script, string result)
    {
        await using var agent = new RunningAgent(node, script, slots: 1);
        node.Offer("t-1", "x");

        await Wait.UntilAsync(() => !node.Outcomes.IsEmpty, "the outcome");
        Assert.Equal(result, (string?)node.Outcomes.Single()["result"]);
    }

    [Fact]
    public async Task Should_not_ignore_SIGPIPE_in_commands()
    {
        await using var agent = new RunningAgent(node, "grep SigIgn /proc/self/status", slots: 1);
        node.Offer("t-1", "x");

        await Wait.UntilAsync(() => !node.Outcomes.IsEmpty, "the outcome");
        var ignored = ((string)node.Outcomes.Single()["result"]!).Split(':')[1].Trim();
        Assert.Equal(0, Convert.ToInt64(ignored, 16) & (1 << 12));
    }

    [Theory]
    [InlineData("\"\\ud800 alone\"", "the payload cannot be encoded as UTF-8")]
    public async Task Should_blame_the_task_when_it_cannot_be_passed_to_any_command(string payload, string message)
    {
        await using var agent = new RunningAgent(node, "cat", slots: 1);
        node.OfferRaw("t-1", payload);

        await Wait.UntilAsync(() => !node.Outcomes.IsEmpty, "the outcome");
        Assert.Equal("processing_error", (string)node.Outcomes.Single()["failure_type"]!);
        Assert.Contains(message, (string)node.Outcomes.Single()["error_message"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_leave_no_process_behind_when_the_command_ends()
    {
        var child = Path.Combine(folder, "child");
        await using var agent = new RunningAgent(node, $"sleep 1000 >/dev/null 2>&1 & echo $! > {child}", slots: 1);
        node.Offer("t-1", "x");

        await Wait.UntilAsync(() => !node.Outcomes.IsEmpty, "the outcome");
        await Wait.UntilAsync(() => CommandProcesses.IsGone(CommandProcesses.Id(child)), "the end of the command's child");
    }

    private static string OnlyForFirst(string script) =>
        $"read payload; if [ \"$payload\" = second ]; then printf second; exit 0; fi\n{script}";
}
