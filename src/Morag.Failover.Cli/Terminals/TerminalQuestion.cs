namespace Morag.Failover.Cli.Terminals;

/// <summary>
/// Asks a question on the terminal. It reads keys instead of a line, because nothing ends the reading of a line in a shell: Ctrl-C would
/// end the command only after Enter.
/// </summary>
/// <param name="terminal">Where the answer is typed.</param>
/// <param name="shown">Where the question and the answer are shown.</param>
internal sealed class TerminalQuestion(ITerminal terminal, TextWriter shown)
{
    private const int MaxAnswer = 100;

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    /// <summary>Whether the answer is yes.</summary>
    /// <exception cref="OperationCanceledException">The user pressed Ctrl-C, or the command was cancelled.</exception>
    public bool IsConfirmed(string question, CancellationToken cancellation)
    {
        shown.Write(question);
        terminal.TakeInterrupts(true);
        try
        {
            return ReadLine(cancellation).Trim() is "y" or "Y" or "yes";
        }
        finally
        {
            terminal.TakeInterrupts(false);
        }
    }

    private string ReadLine(CancellationToken cancellation)
    {
        var answer = "";
        while (true)
        {
            // A signal from elsewhere must end the question too.
            while (!terminal.HasKey)
            {
                if (cancellation.WaitHandle.WaitOne(Look))
                {
                    shown.WriteLine();
                    throw new OperationCanceledException(cancellation);
                }
            }

            switch (terminal.ReadKey())
            {
                case { Key: ConsoleKey.Enter } or { KeyChar: '\n' or '\r' }:
                    shown.WriteLine();
                    return answer;
                case { Key: ConsoleKey.C, Modifiers: ConsoleModifiers.Control }:
                    shown.WriteLine("^C");
                    throw new OperationCanceledException();
                case null or { Key: ConsoleKey.D, Modifiers: ConsoleModifiers.Control } or { Key: ConsoleKey.Escape }:
                    shown.WriteLine();
                    return "";
                case { Key: ConsoleKey.Backspace }:
                    shown.Write(answer.Length > 0 ? "\b \b" : "");
                    answer = answer.Length > 0 ? answer[..^1] : "";
                    break;
                case { KeyChar: var typed } when !char.IsControl(typed) && answer.Length < MaxAnswer:
                    shown.Write(typed);
                    answer += typed;
                    break;
            }
        }
    }
}
