using Morag.Failover.Cli.Shell;

namespace Morag.Failover.Cli.Tests.Shell;

/// <summary>Editing of lines in the shell.</summary>
public sealed class LineEditorSpecs
{
    private readonly FakeTerminal terminal = new();
    private readonly ShellHistory history = new(null);

    [Fact]
    public async Task Should_return_what_was_typed_and_corrected()
    {
        terminal.Type("task lisst");
        terminal.Press(ConsoleKey.LeftArrow, ConsoleKey.Backspace, ConsoleKey.End);
        terminal.Type(" --limit 5");
        terminal.Press(ConsoleKey.Enter);

        Assert.Equal((LineEnd.Entered, "task list --limit 5"), await ReadAsync());
    }

    [Fact]
    public async Task Should_cut_and_paste_words()
    {
        terminal.Type("task list queue");
        terminal.Control(ConsoleKey.W);
        terminal.Control(ConsoleKey.A);
        terminal.Control(ConsoleKey.Y);
        terminal.Type(" ");
        terminal.Control(ConsoleKey.K);
        terminal.Press(ConsoleKey.Enter);

        Assert.Equal("queue ", (await ReadAsync()).Text);
    }

    [Fact]
    public async Task Should_never_split_a_character_of_two_code_units()
    {
        terminal.Type("a😀b");
        terminal.Press(ConsoleKey.LeftArrow, ConsoleKey.Backspace, ConsoleKey.Enter);

        Assert.Equal("ab", (await ReadAsync()).Text);
    }

    [Fact]
    public async Task Should_go_through_the_history_and_back_to_what_was_being_typed()
    {
        history.Add("worker list");
        history.Add("task list");
        terminal.Type("draft");
        terminal.Press(ConsoleKey.UpArrow, ConsoleKey.UpArrow, ConsoleKey.UpArrow, ConsoleKey.Enter);
        Assert.Equal("worker list", (await ReadAsync()).Text);

        terminal.Type("draft");
        terminal.Press(ConsoleKey.UpArrow, ConsoleKey.DownArrow, ConsoleKey.Enter);
        Assert.Equal("draft", (await ReadAsync()).Text);
    }

    [Fact]
    public async Task Should_find_an_earlier_line_by_a_part_of_it()
    {
        history.Add("task list --queue gpu_priority");
        history.Add("worker list");
        terminal.Control(ConsoleKey.R);
        terminal.Type("GPU");
        terminal.Press(ConsoleKey.Enter);

        Assert.Equal("task list --queue gpu_priority", (await ReadAsync()).Text);
    }

    [Fact]
    public async Task Should_complete_as_far_as_all_offers_agree_and_then_list_them()
    {
        terminal.Type("task re");
        terminal.Press(ConsoleKey.Tab, ConsoleKey.Tab, ConsoleKey.Enter);

        Assert.Equal("task requeue", (await ReadAsync("requeue", "requeue-all")).Text);
        Assert.Matches("requeue +requeue-all", terminal.Written);
    }

    [Fact]
    public async Task Should_add_a_space_when_there_is_one_offer()
    {
        terminal.Type("clu");
        terminal.Press(ConsoleKey.Tab, ConsoleKey.Enter);

        Assert.Equal("cluster ", (await ReadAsync("cluster")).Text);
    }

    [Fact]
    public async Task Should_drop_the_line_on_Ctrl_C_and_close_on_Ctrl_D_only_when_it_is_empty()
    {
        terminal.Type("task cancel");
        terminal.Control(ConsoleKey.C);
        Assert.Equal(LineEnd.Cancelled, (await ReadAsync()).End);

        terminal.Type("ab");
        terminal.Press(ConsoleKey.Home);
        terminal.Control(ConsoleKey.D);
        terminal.Press(ConsoleKey.Enter);
        Assert.Equal((LineEnd.Entered, "b"), await ReadAsync());

        terminal.Control(ConsoleKey.D);
        Assert.Equal(LineEnd.Closed, (await ReadAsync()).End);
    }

    [Fact]
    public async Task Should_close_when_the_terminal_is_gone() => Assert.Equal(LineEnd.Closed, (await ReadAsync()).End);

    [Fact]
    public async Task Should_show_the_end_of_a_line_that_is_too_long()
    {
        terminal.Width = 20;
        terminal.Type(new string('x', 50) + "END");
        terminal.Press(ConsoleKey.Enter);
        await ReadAsync();

        var last = terminal.Written.Split('\r').Last(part => part.Contains("END", StringComparison.Ordinal));
        Assert.InRange(last.Replace("\u001b[K", "", StringComparison.Ordinal).Length, 1, 19);
    }

    private Task<(LineEnd End, string Text)> ReadAsync(params string[] offers) =>
        new LineEditor(terminal, history, _ => Task.FromResult<IReadOnlyList<string>>(offers)).ReadAsync("> ");
}
