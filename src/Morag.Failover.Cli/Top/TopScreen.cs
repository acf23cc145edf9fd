using System.Text;
using Morag.Failover.Cli.CommandLine;
using Morag.Failover.Cli.Terminals;
using Morag.Failover.Client.Connection;

namespace Morag.Failover.Cli.Top;

/// <summary>
/// Shows <see cref="TopData"/> on a terminal until the user leaves. It follows the size of the terminal, and goes on with another node when
/// one fails.
/// </summary>
internal sealed class TopScreen(ITerminal terminal, NodeConnection node, TimeProvider clock, TimeSpan pause, bool colors)
{
    // The alternate screen keeps what the terminal showed before.
    private const string Enter = "\u001b[?1049h\u001b[?25l";
    private const string Leave = "\u001b[?25h\u001b[?1049l";
    private const string Top = "\u001b[H";
    private const string RestOfLine = "\u001b[K";
    private const string RestOfScreen = "\u001b[J";

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    private TopData? data;
    private string? problem;
    private (int Width, int Height) drawn;

    /// <summary>Shows it until the user presses q, Escape or Ctrl-C, or a signal ends it.</summary>
    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        // The default of a signal would end the process on the alternate screen, without a cursor.
        using var signals = new StopSignals(cancellation, hangup: true);
        try
        {
            terminal.TakeInterrupts(true);
            terminal.Write(Enter);
            return await ShowAsync(signals.Stop);
        }
        catch (IOException)
        {
            // The terminal is gone.
            return ExitCode.Ok;
        }
    }

    private async Task<int> ShowAsync(CancellationToken cancellation)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        try
        {
            var reading = ReadAsync(over.Token);
            Draw();
            while (!IsLeaving() && !cancellation.IsCancellationRequested)
            {
                if (reading.IsCompleted)
                {
                    await reading;
                    Draw();
                    reading = ReadLaterAsync(over.Token);
                }
                else if (drawn != (terminal.Width, terminal.Height))
                {
                    Draw();
                }

                await Task.Delay(Look, clock, CancellationToken.None);
            }

            await over.CancelAsync();
            await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return ExitCode.Ok;
        }
        finally
        {
            terminal.Write(Leave);
            terminal.TakeInterrupts(false);
        }
    }

    private bool IsLeaving()
    {
        while (terminal.HasKey)
        {
            if (terminal.ReadKey() is null or { KeyChar: 'q' or 'Q' } or { Key: ConsoleKey.Escape }
                or { Key: ConsoleKey.C or ConsoleKey.D, Modifiers: ConsoleModifiers.Control })
            {
                return true;
            }
        }

        return false;
    }

    private async Task ReadLaterAsync(CancellationToken cancellation)
    {
        await Task.Delay(pause, clock, cancellation);
        await ReadAsync(cancellation);
    }

    private async Task ReadAsync(CancellationToken cancellation)
    {
        try
        {
            data = await TopData.ReadAsync(node, clock, cancellation);
            problem = null;
            _ = await node.LearnAsync(cancellation);
        }
        catch (Exception failure) when (
            failure is NodeUnreachable or NodeRefused or TokenExposed || UnreadableAnswer.Explains(failure) || NoAnswer.Explains(failure))
        {
            problem = $"{failure.Message} (trying again{(data is null ? "" : "; what follows is old")})";
        }
    }

    private void Draw()
    {
        drawn = (terminal.Width, terminal.Height);
        var remark = data is null && problem is null ? "asking the node" : problem;
        var lines = TopFrame.Lines(data, remark, drawn.Width, drawn.Height - 1, colors);
        var screen = new StringBuilder(Top);
        foreach (var line in lines)
        {
            _ = screen.Append(line).Append(RestOfLine).Append("\r\n");
        }

        terminal.Write(screen.Append(RestOfScreen).ToString());
    }
}
