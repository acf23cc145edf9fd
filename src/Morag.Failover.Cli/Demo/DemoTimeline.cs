using System.Globalization;
using Morag.Failover.Cli.Palettes;
using Morag.Failover.Cli.Terminals;

namespace Morag.Failover.Cli.Demo;

/// <summary>
/// A live picture of the demo below its story: one line for each agent, in which each column is a moment and its height the number of tasks
/// that the agent holds.
/// </summary>
internal sealed class DemoTimeline(ITerminal terminal, IReadOnlyList<string> agents, int slots)
{
    private const string Blocks = " ▁▂▃▄▅▆▇█";
    private const char Dead = 'x';

    // The name, and the numbers after the picture.
    private const int Margin = 34;

    private readonly Lock drawing = new();
    private readonly Dictionary<string, List<char>> moments = agents.ToDictionary(agent => agent, _ => new List<char>());
    private readonly Dictionary<string, (int Holds, int Failures, bool IsDead)> states =
        agents.ToDictionary(agent => agent, _ => (0, 0, false));
    private int rows;

    /// <summary>Writes a line of the story above the picture.</summary>
    public void Write(string line)
    {
        lock (drawing)
        {
            Erase();
            terminal.Write(Cell.Safe(line) + "\r\n");
            Draw();
        }
    }

    /// <summary>Adds a moment.</summary>
    /// <param name="holds">The tasks that each agent holds. The others hold none.</param>
    public void Add(IReadOnlyDictionary<string, int> holds)
    {
        lock (drawing)
        {
            foreach (var agent in agents)
            {
                var state = states[agent] with { Holds = holds.GetValueOrDefault(agent) };
                states[agent] = state;
                moments[agent].Add(state.IsDead && state.Holds == 0 ? Dead : BlockOf(state.Holds));
            }

            Erase();
            Draw();
        }
    }

    /// <summary>Shows that an agent was killed.</summary>
    public void Kill(string agent)
    {
        lock (drawing)
        {
            states[agent] = states[agent] with { IsDead = true };
            moments[agent].Add(Dead);
        }
    }

    /// <summary>Counts a failure on an agent.</summary>
    public void Fail(string agent)
    {
        lock (drawing)
        {
            if (states.TryGetValue(agent, out var state))
            {
                states[agent] = state with { Failures = state.Failures + 1 };
            }
        }
    }

    /// <summary>Leaves the picture as it is. What is written later comes below it.</summary>
    public void End()
    {
        lock (drawing)
        {
            rows = 0;
        }
    }

    private char BlockOf(int holds) =>
        Blocks[holds == 0 ? 0 : Math.Clamp((int)Math.Ceiling((double)holds * (Blocks.Length - 1) / slots), 1, Blocks.Length - 1)];

    private void Erase()
    {
        if (rows > 0)
        {
            terminal.Write(string.Create(CultureInfo.InvariantCulture, $"\u001b[{rows}A\r\u001b[J"));
            rows = 0;
        }
    }

    private void Draw()
    {
        var columns = Math.Max(1, terminal.Width - Margin);
        var lines = agents.Select(agent =>
        {
            var (holds, failures, isDead) = states[agent];
            var picture = string.Concat(moments[agent].TakeLast(columns));
            var now = isDead ? "killed" : FormattableString.Invariant($"holds {holds}");
            var line = FormattableString.Invariant($"worker {agent[^1]}  |{picture}|  {now}, {failures} failed");
            return TerminalText.First(line, terminal.Width - 1) + "\r\n";
        }).ToList();
        terminal.Write(string.Concat(lines));
        rows = lines.Count;
    }
}
