using System.Text.Encodings.Web;
using System.Text.Json;

namespace Morag.Failover.Cli.Palettes;

/// <summary>JSON options for values that have no contract type.</summary>
internal static class Wire
{
    public static readonly JsonSerializerOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static readonly JsonSerializerOptions Indented = new(Options) { WriteIndented = true };
}
