using Morag.Failover.Processes.Tests.Nodes;

namespace Morag.Failover.Processes.Tests.CommandLine;

/// <summary>The interactive shell and <c>morag top</c> on a real terminal.</summary>
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class ShellSpecs(CommandLineNode node) : IClassFixture<CommandLineNode>, IDisposable
{
    // An empty line at the prompt, on a line of its own: the prompt is drawn again with every key.
    private const string Prompt = "\n\r\u001b\\[Kmorag 1 up> \r";
    private const string CtrlC = "\u0003";
    private const string CtrlD = "\u0004";
    private const string Up = "\u001b[A";

    private readonly TestFolder home = new();

    [TerminalFact]
    public async Task Should_complete_run_and_remember_commands()
    {
        await using (var first = MoragTerminal.Start(node.Address, home.Path, ""))
        {
            await first.ShowsAsync(Prompt);
            await first.TypeAsync("cluster sta\t");
            await first.ShowsAsync("cluster status ");
            await first.TypeAsync("\r");
            await first.ShowsAsync("up +1\r?\n");
            await first.ShowsAsync(Prompt);
            await first.TypeAsync("worker list --token hidden-secret\r");
            await first.ShowsAsync(Prompt);
            await first.TypeAsync("half a line" + CtrlC);
            await first.ShowsAsync("\\^C");
            await first.ShowsAsync(Prompt);
            await first.TypeAsync("no such command\r");
            await first.ShowsAsync("is not a command of morag");
            await first.TypeAsync("exit\r");
            Assert.Equal(2, await first.EndsAsync());
        }

        var history = Path.Combine(home.Path, ".local", "state", "morag", "history");
        Assert.Equal(["cluster status", "no such command"], (await File.ReadAllLinesAsync(history)).Select(line => line.TrimEnd()));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(history));

        await using var second = MoragTerminal.Start(node.Address, home.Path, "");
        await second.ShowsAsync(Prompt);
        await second.TypeAsync(Up + Up);
        await second.ShowsAsync("cluster status");
        await second.TypeAsync("\r");
        await second.ShowsAsync("up +1\r?\n");
        await second.ShowsAsync(Prompt);
        await second.TypeAsync(CtrlD);
        Assert.Equal(0, await second.EndsAsync());
    }

    [TerminalFact]
    public async Task Should_return_to_the_prompt_when_a_command_that_follows_is_interrupted()
    {
        await using var shell = MoragTerminal.Start(node.Address, home.Path, $"--node {node.Address}");
        await shell.ShowsAsync(Prompt);
        await shell.TypeAsync("cluster tail\r");
        await shell.ShowsAsync("member .* up");
        await shell.TypeAsync(CtrlC);
        await shell.ShowsAsync(Prompt);
        await shell.TypeAsync("quit\r");
        Assert.Equal(0, await shell.EndsAsync());
    }

    [TerminalFact]
    public async Task Should_return_to_the_prompt_when_a_question_is_interrupted()
    {
        await using var shell = MoragTerminal.Start(node.Address, home.Path, "");
        await shell.ShowsAsync(Prompt);
        await shell.TypeAsync("cluster leave self --force --reason spec\r");
        await shell.ShowsAsync("self is [^ ]+. .*\\[y/N\\] ");
        await shell.TypeAsync(CtrlC);
        await shell.ShowsAsync(Prompt);
        await shell.TypeAsync("cluster status\r");
        await shell.ShowsAsync("up +1\r?\n");
        await shell.ShowsAsync(Prompt);
        await shell.TypeAsync(CtrlD);
        Assert.Equal(0, await shell.EndsAsync());
    }

    [TerminalTheory]
    [InlineData("TERM")]
    [InlineData("HUP")]
    public async Task Should_leave_the_alternate_screen_when_a_signal_ends_it(string signal)
    {
        await using var top = MoragTerminal.Start(node.Address, home.Path, "top --interval 0.5");
        await top.ShowsAsync("1 of 1 nodes up");
        await top.SignalAsync(signal);

        Assert.Equal(0, await top.EndsAsync());
        Assert.Contains("\u001b[?25h\u001b[?1049l", top.Shown, StringComparison.Ordinal);
    }

    [TerminalFact]
    public async Task Should_say_that_no_node_answers_and_go_on()
    {
        await using var shell = MoragTerminal.Start(new Uri("http://127.0.0.1:1"), home.Path, "");
        await shell.ShowsAsync("morag \\(no node\\)> \r");
        await shell.TypeAsync("worker list\r");
        await shell.ShowsAsync("no node answers");
        await shell.TypeAsync(CtrlD);
        Assert.Equal(3, await shell.EndsAsync());
    }

    [TerminalFact]
    public async Task Should_watch_the_cluster_follow_the_size_of_the_terminal_and_leave_on_q()
    {
        await using var top = MoragTerminal.Start(node.Address, home.Path, "top --interval 0.5");
        await top.ShowsAsync("1 of 1 nodes up");
        await top.ShowsAsync("gpu_priority");
        await top.ResizeAsync(40, 8);
        await top.ShowsAsync("morag top  [0-9:]+Z +\u001b\\[K");
        await top.TypeAsync("q");

        Assert.Equal(0, await top.EndsAsync());
        Assert.Contains("\u001b[?25h\u001b[?1049l", top.Shown, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_print_one_frame_without_a_terminal()
    {
        var run = await node.RunAsync("top");

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Contains("1 of 1 nodes up", run.Output, StringComparison.Ordinal);
        Assert.Contains("QUEUE", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', run.Output);
    }

    [Fact]
    public async Task Should_print_help_when_there_is_no_terminal()
    {
        var run = await node.RunAsync();

        Assert.Equal(0, run.ExitCode);
        Assert.Contains("Usage:", run.Output, StringComparison.Ordinal);
    }

    public void Dispose() => home.Dispose();
}
