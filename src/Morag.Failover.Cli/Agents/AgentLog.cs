using System.Globalization;

namespace Morag.Failover.Cli.Agents;

/// <summary>What an agent tells whoever watches it: one line for each thing that happened.</summary>
internal sealed class AgentLog(TextWriter output, TimeProvider clock)
{
    private readonly Lock writing = new();

    public void Write(string line)
    {
        lock (writing)
        {
            output.WriteLine($"{clock.GetLocalNow().ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture)} {Palettes.Cell.Safe(line)}");
            output.Flush();
        }
    }
}
