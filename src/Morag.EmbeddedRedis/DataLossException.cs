using System.Security.Cryptography;
using System.Text;

namespace Morag.EmbeddedRedis;

/// <summary>
/// Data that was stored is missing from the folder. The server starts with the remaining data only if
/// <see cref="EmbeddedRedisOptions.AcceptDataLoss"/> is <see cref="Loss"/>.
/// </summary>
public sealed class DataLossException : EmbeddedRedisException
{
    private readonly string damage;

    /// <param name="damage">What is missing, in a sentence.</param>
    /// <param name="state">What was done about it, in a sentence that holds while the loss is not accepted.</param>
    /// <param name="loss">Stands for this loss.</param>
    internal DataLossException(string damage, string state, string loss)
        : base($"{damage} {state}") => (this.damage, Loss) = (damage, loss);

    internal static string TokenOf(string damage) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(damage)))[..12];

    /// <summary>Stands for this very loss: the same at each attempt, and never that of a later one.</summary>
    public string Loss { get; }

    /// <summary>What the operator can do.</summary>
    /// <param name="acceptOption">The option by which the operator accepts a loss, such as <c>--accept-data-loss</c>.</param>
    public string Remedy(string acceptOption) =>
        $"Restore the folder from a backup. To go on with the remaining data, start once with {acceptOption} {Loss}";

    /// <summary>Returns, and logs it, if this is the loss that the operator accepts (<see cref="EmbeddedRedisOptions.AcceptDataLoss"/>).</summary>
    /// <exception cref="DataLossException">This one, if it is not.</exception>
    internal void ThrowUnlessAccepted(string? accepted, Action<string> log)
    {
        if (Loss != accepted)
        {
            throw this;
        }

        log($"This loss of data is accepted, as asked for: {damage}");
    }
}
