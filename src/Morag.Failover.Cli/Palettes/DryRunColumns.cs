using Morag.Failover.Contracts.Palettes;

namespace Morag.Failover.Cli.Palettes;

/// <summary>What a dry run shows: nothing has changed, and an id that was made for it names nothing.</summary>
internal static class DryRunColumns
{
    private const string Changed = "changed";

    public static PaletteCommand Of(PaletteCommand command)
    {
        string[] made = [.. command.Options.Where(option => option.Generated).Select(option => option.Field ?? option.Name)];
        return command with
        {
            Columns =
            [
                .. command.Columns
                    .Where(column => !made.Contains(column.Field))
                    .Select(column => column.Header == Changed ? column with { Header = "would change" } : column),
            ],
        };
    }
}
