using Morag.Failover.Cli.Terminals;

namespace Morag.Failover.Cli.Tests.Shell;

/// <summary>The question before a command that cannot be undone.</summary>
public sealed class TerminalQuestionSpecs
{
    private readonly FakeTerminal terminal = new();
    private readonly StringWriter shown = new();

    [Theory]
    [InlineData("y\r", true)]
    [InlineData("yes\r", true)]
    [InlineData("\r", false)]
    [InlineData("n\r", false)]
    [InlineData("yep\r", false)]
    public void Should_be_confirmed_by_a_yes_and_by_nothing_else(string typed, bool expected)
    {
        terminal.Type(typed);

        Assert.Equal(expected, Ask());
        Assert.StartsWith($"Sure? [y/N] {typed.Trim()}", shown.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Should_take_back_a_letter()
    {
        terminal.Type("n");
        terminal.Press(ConsoleKey.Backspace, ConsoleKey.Backspace);
        terminal.Type("y\r");

        Assert.True(Ask());
    }

    [Fact]
    public void Should_end_the_command_on_ctrl_c_without_waiting_for_enter()
    {
        terminal.Type("y");
        terminal.Control(ConsoleKey.C);

        Assert.Throws<OperationCanceledException>(() => Ask());
    }

    [Fact]
    public void Should_end_the_command_when_it_is_cancelled_while_nobody_types() =>
        Assert.Throws<OperationCanceledException>(() => Ask(new CancellationToken(canceled: true)));

    private bool Ask(CancellationToken cancellation = default) =>
        new TerminalQuestion(terminal, shown).IsConfirmed("Sure? [y/N] ", cancellation);
}
