using System.Text;
using Morag.Failover.Cli.Terminals;

namespace Morag.Failover.Cli.Tests.Shell;

/// <summary>A terminal whose keys are given, and that remembers what is written to it.</summary>
internal sealed class FakeTerminal : ITerminal
{
    private readonly Queue<ConsoleKeyInfo> keys = new();
    private readonly StringBuilder written = new();

    public int Width { get; set; } = 80;

    public int Height { get; set; } = 24;

    public bool HasKey => keys.Count > 0;

    public string Written => written.ToString();

    public void Type(string text)
    {
        foreach (var character in text)
        {
            keys.Enqueue(new ConsoleKeyInfo(character, default, shift: false, alt: false, control: false));
        }
    }

    public void Press(params ConsoleKey[] pressed)
    {
        foreach (var key in pressed)
        {
            keys.Enqueue(new ConsoleKeyInfo('\0', key, shift: false, alt: false, control: false));
        }
    }

    public void Control(ConsoleKey key) =>
        keys.Enqueue(new ConsoleKeyInfo((char)(key - ConsoleKey.A + 1), key, shift: false, alt: false, control: true));

    public ConsoleKeyInfo? ReadKey() => keys.TryDequeue(out var key) ? key : null;

    public void Write(string text) => written.Append(text);

    public void TakeInterrupts(bool taken)
    {
    }
}
