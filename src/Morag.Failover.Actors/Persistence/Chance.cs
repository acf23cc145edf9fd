using Akka.Actor.Setup;

namespace Morag.Failover.Actors.Persistence;

/// <summary>
/// The source of the random draws of all owners of one actor system. A system that is created without it draws from
/// <see cref="Random.Shared"/>; a simulation seeds it, so that one seed gives one history.
/// </summary>
internal sealed class Chance(Random random) : Setup
{
    private readonly Random random = random;

    /// <summary>The random numbers of an actor system.</summary>
    public static Random Of(ActorSystem system) =>
        system.Settings.Setup.Get<Chance>() is { HasValue: true } seeded ? seeded.Value.random : Random.Shared;

    /// <summary>An id that nobody has used: 128 random bits as 32 hexadecimal digits.</summary>
    public static string NewId(Random random)
    {
        Span<byte> bits = stackalloc byte[16];
        random.NextBytes(bits);
        return Convert.ToHexStringLower(bits);
    }
}
